"""Losses of embeddings: how well vectors of samples lie by their labels.

They are functions of labels and embeddings, not of observations and predictions, so they are functional
metrics shaped like scikit-learn's `silhouette_score(X, labels)`: no `Loss` stands behind them.
"""

import numpy as np
from sklearn.metrics import pairwise_distances
from sklearn.utils import check_array, check_consistent_length, column_or_1d

from ..losses._namespaces import on_host

__all__ = ["center_loss", "cosine_embedding_loss", "island_loss", "triplet_loss"]


def _check(X, labels, at_least):
    X, labels = on_host(X), on_host(labels)
    X = check_array(X, dtype=[np.float64, np.float32], input_name="X")
    labels = column_or_1d(np.asarray(labels))
    check_consistent_length(X, labels)
    classes, codes = np.unique(labels, return_inverse=True)
    if len(classes) < at_least:
        raise ValueError(
            f"labels holds {len(classes)} label, {classes.tolist()}; at least {at_least} are needed."
        )
    return X, classes, codes


def _unit(X):
    """Rows of length one; a zero row stays zero, and so is at a right angle to every other."""
    length = np.linalg.norm(X, axis=1, keepdims=True)
    return X / np.where(length > 0, length, 1)


def cosine_embedding_loss(X, labels, *, margin=0.0):
    r"""Mean over all pairs of samples: 1 - cos for equal labels, max(0, cos - margin) for different ones.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        Embeddings. A zero vector has cosine 0 with every other.
    labels : array-like of shape (n_samples,)
        The label of each.
    margin : float, default=0.0
        The cosine up to which samples of different labels cost nothing, between -1 and 1.

    Returns
    -------
    float
        Between 0 and 2.

    Raises
    ------
    ValueError
        If there is only one sample, or the margin is outside its domain.

    References
    ----------
    .. [1] R. Hadsell, S. Chopra and Y. LeCun, "Dimensionality reduction by learning an invariant mapping", CVPR
       (2006), :doi:`10.1109/CVPR.2006.100`.

    Examples
    --------
    >>> from sklearn_losses.metrics import cosine_embedding_loss
    >>> cosine_embedding_loss([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0]], ["a", "a", "b"])
    0.0
    """
    X, _, codes = _check(X, labels, at_least=1)
    if not -1 <= margin <= 1:
        raise ValueError(f"margin={margin!r} must lie between -1 and 1, where cosines do.")
    n = len(X)
    if n < 2:
        raise ValueError("X holds one sample; pairs need at least two.")
    unit = _unit(X.astype(np.float64))
    total = 0.0
    for i in range(n - 1):  # a row of the n × n matrix at a time
        cosine = unit[i + 1 :] @ unit[i]
        same = codes[i + 1 :] == codes[i]
        total += np.sum(np.where(same, 1 - cosine, np.maximum(0, cosine - margin)))
    return float(total / (n * (n - 1) / 2))


def triplet_loss(X, labels, *, margin=1.0, metric="euclidean"):
    r"""Mean over all triplets of max(0, d(a, p) - d(a, n) + margin).

    A triplet is an anchor a, another sample p of its label and a sample n of a different one.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        Embeddings.
    labels : array-like of shape (n_samples,)
        The label of each.
    margin : float, default=1.0
        By how much farther samples of other labels should be, in units of the distance; not negative.
    metric : str or callable, default='euclidean'
        The distance d, as in :func:`sklearn.metrics.pairwise_distances`.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If no triplet exists: all labels are equal, or all are different.

    References
    ----------
    .. [1] F. Schroff, D. Kalenichenko and J. Philbin, "FaceNet: a unified embedding for face recognition and
       clustering", CVPR (2015), :doi:`10.1109/CVPR.2015.7298682`.

    Examples
    --------
    >>> from sklearn_losses.metrics import triplet_loss
    >>> triplet_loss([[0.0], [1.0], [1.5]], ["a", "a", "b"], margin=1.0)
    1.0
    """
    X, _, codes = _check(X, labels, at_least=2)
    if margin < 0:
        raise ValueError(f"margin={margin!r} must not be negative.")
    total, count = 0.0, 0
    for i in range(len(X)):
        distance = pairwise_distances(X[i : i + 1], X, metric=metric)[0]
        same = codes == codes[i]
        other = np.sort(distance[~same])
        same[i] = False
        near = distance[same] + margin
        # Σ over n of max(0, near - other): those below near, by a prefix sum of the sorted distances.
        below = np.searchsorted(other, near)
        sums = np.concatenate([[0.0], np.cumsum(other)])
        total += np.sum(near * below - sums[below])
        count += len(near) * len(other)
    if count == 0:
        raise ValueError("No triplet exists: no two samples have the same label. Pass several of each label.")
    return float(total / count)


def _centers(X, classes, codes, centers):
    if centers is None:
        counts = np.bincount(codes).astype(np.float64)
        sums = np.zeros((len(classes), X.shape[1]))
        np.add.at(sums, codes, X)
        return sums / counts[:, None]
    centers = check_array(on_host(centers), dtype=np.float64, input_name="centers")
    if centers.shape != (len(classes), X.shape[1]):
        raise ValueError(
            f"centers has shape {centers.shape}; it must hold one row for each of the {len(classes)} labels, in "
            f"sorted order, and {X.shape[1]} columns."
        )
    return centers


def center_loss(X, labels, *, centers=None):
    r"""Half the mean squared distance of samples from the centre of their label, ½ mean ‖x - c_y‖².

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        Embeddings.
    labels : array-like of shape (n_samples,)
        The label of each.
    centers : array-like of shape (n_labels, n_features), default=None
        The centre of each label, in the sorted order of labels; by default the means of their samples.

    Returns
    -------
    float

    References
    ----------
    .. [1] Y. Wen, K. Zhang, Z. Li and Y. Qiao, "A discriminative feature learning approach for deep face
       recognition", ECCV (2016), :doi:`10.1007/978-3-319-46478-7_31`.

    Examples
    --------
    >>> from sklearn_losses.metrics import center_loss
    >>> center_loss([[0.0, 0.0], [2.0, 0.0], [5.0, 5.0]], ["a", "a", "b"])
    0.3333333333333333
    """
    X, classes, codes = _check(X, labels, at_least=1)
    gap = X - _centers(X, classes, codes, centers)[codes]
    return float(0.5 * np.mean(np.sum(gap**2, axis=1)))


def island_loss(X, labels, *, centers=None, weight=1.0):
    r"""Centre loss + λ Σ_{j ≠ k} (cos(c_j, c_k) + 1): compact labels, and centres that point apart.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        Embeddings.
    labels : array-like of shape (n_samples,)
        The label of each.
    centers : array-like of shape (n_labels, n_features), default=None
        The centre of each label, in the sorted order of labels; by default the means of their samples.
    weight : float, default=1.0
        λ. The sum is over ordered pairs of labels.

    Returns
    -------
    float

    References
    ----------
    .. [1] J. Cai, Z. Meng, A. S. Khan, Z. Li, J. O'Reilly and Y. Tong, "Island loss for learning discriminative
       features in facial expression recognition", FG (2018), :doi:`10.1109/FG.2018.00051`.

    Examples
    --------
    >>> from sklearn_losses.metrics import island_loss
    >>> island_loss([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], ["a", "a", "b"])
    2.0
    """
    X, classes, codes = _check(X, labels, at_least=1)
    centers = _centers(X, classes, codes, centers)
    unit = _unit(centers)
    cosine = unit @ unit.T
    np.fill_diagonal(cosine, -1.0)
    return center_loss(X, labels, centers=centers) + float(weight * np.sum(cosine + 1.0))
