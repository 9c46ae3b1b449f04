"""Cuts boxes and shapes off at the edges of their image.

Ultralytics, for one, drops every image with a box that reaches out of it.
"""

import fiftyone as fo
import numpy as np


def inside_image(label: fo.Label) -> fo.Label | None:
    """The part of a label that is inside its image.

    Returns:
        The label itself if all of it is; None if nothing is, or it has no box or points.
    """
    if isinstance(label, fo.Detection):
        return _box_inside(label)
    if isinstance(label, fo.Polyline):
        return _shape_inside(label)
    return label


def box_around(label: fo.Label) -> fo.Detection:
    """The label as a box; a class becomes one around the whole image, a shape one around its points."""
    if isinstance(label, fo.Detection):
        return label
    if isinstance(label, fo.Polyline):
        box = label.to_detection()
        box.confidence = label.confidence
        return box
    return fo.Detection(label=label.label, bounding_box=[0, 0, 1, 1], confidence=label.confidence)


def _box_inside(label: fo.Detection) -> fo.Detection | None:
    box = np.asarray(label.bounding_box or [np.nan] * 4, float)
    start, end = box[:2], box[:2] + box[2:]
    clipped_start, clipped_end = np.clip(start, 0, 1), np.clip(end, 0, 1)
    if not (clipped_end > clipped_start).all():
        return None
    # Rounding of x + width is not reaching out, and no reason to touch a box.
    if (box >= 0).all() and (end <= 1 + 1e-9).all():
        return label
    clipped = label.copy()
    clipped.id = label.id
    clipped.bounding_box = [*clipped_start.tolist(), *(clipped_end - clipped_start).tolist()]
    if label.has_mask:
        mask = label.get_mask()
        size = np.array(mask.shape[1::-1])
        left, top = np.floor((clipped_start - start) / box[2:] * size).astype(int)
        right, bottom = np.ceil((clipped_end - start) / box[2:] * size).astype(int)
        clipped.mask, clipped.mask_path = mask[top:bottom, left:right], None
    return clipped


def _shape_inside(label: fo.Polyline) -> fo.Polyline | None:
    shapes = [np.asarray(shape, float).reshape(-1, 2) for shape in label.points or [] if len(shape)]
    points = np.concatenate(shapes) if shapes else np.zeros((0, 2))
    if not len(points) or not np.isfinite(points).all():
        return None
    if (points >= 0).all() and (points <= 1).all():
        return label
    if (points.max(axis=0) <= 0).any() or (points.min(axis=0) >= 1).any():
        return None
    clipped = label.copy()
    clipped.id = label.id
    clipped.points = [np.clip(shape, 0, 1).tolist() for shape in shapes]
    return clipped
