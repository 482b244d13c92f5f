"""Writes the interpreter's arithmetic, a C header, from the table of primitives. Runs while the package is built.

``python _write_opcodes.py _primitives.py _opcodes.h``
"""

import re
import runpy
import sys

TEMPLATE = """\
/* Written by _write_opcodes.py from _primitives.py while the package is built. Do not edit. */
#include <math.h>
#include <stddef.h>
#include "simd.h"

enum {{ {structural} }};

/* One sample. */
static inline double compute(int opcode, double a, double b, double c) {{
    switch (opcode) {{
{single}
    }}
    return 0.0;
}}

/* A block; the result never overlaps an argument. */
DISPATCHED static void compute_block(
    int opcode, double *r, const double *a, const double *b, const double *c, ptrdiff_t n
) {{
    ptrdiff_t i;
    switch (opcode) {{
{block}
    }}
}}
"""


def main(table, target):
    """Write `target` from the primitives of the module file `table`."""
    primitives = list(enumerate(runpy.run_path(table)["PRIMITIVES"]))
    arithmetic = [(opcode, p) for opcode, p in primitives if p.scalar]
    single, block = [], []
    for opcode, p in arithmetic:
        indexed = re.sub(r"\b([abc])\b", r"\1[i]", p.scalar)
        single.append(f"    case {opcode}: return {p.scalar}; /* {p.name} */")
        block.append(f"    case {opcode}: /* {p.name} */")
        block.append(f'        SIMD("omp simd") for (i = 0; i < n; i++) r[i] = {indexed};\n        break;')
    structural = ", ".join(f"OP_{p.name.upper()} = {opcode}" for opcode, p in primitives if not p.scalar)
    text = TEMPLATE.format(structural=structural, single="\n".join(single), block="\n".join(block))
    with open(target, "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
