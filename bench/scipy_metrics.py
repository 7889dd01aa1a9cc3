"""The criteria, measures and distances of method.md 9 with scipy and scikit-image, computed as the published Python code does.

Run by bench/metrics.ts: python bench/scipy_metrics.py MASKS FRAMES ROWS COLUMNS ROW_MM COLUMN_MM. MASKS holds the bytes of the
predicted labels and then of the reference labels, [frames, rows, columns] each. Prints one JSON document: seconds, versions, values.
"""

import json
import math
import sys
import time

import numpy as np
import scipy
import skimage
from scipy import ndimage
from scipy.ndimage import binary_dilation, binary_erosion, center_of_mass, distance_transform_edt, gaussian_filter1d
from scipy.signal import find_peaks
from skimage import measure, morphology

LV, MYO = 1, 2
FULL = ndimage.generate_binary_structure(2, 2)
CROSS = ndimage.generate_binary_structure(2, 1)


def dice(a, b):
    total = np.count_nonzero(a) + np.count_nonzero(b)
    return 2 * np.count_nonzero(a & b) / total if total else 1.0


def surface_distances(of, to, spacing):
    """Distance from every surface pixel of one mask to the surface of the other."""
    border_of = of ^ binary_erosion(of, structure=CROSS)
    border_to = to ^ binary_erosion(to, structure=CROSS)
    return distance_transform_edt(~border_to, sampling=spacing)[border_of]


def hausdorff(a, b, spacing):
    if not a.any() or not b.any():
        return math.nan
    return float(max(surface_distances(a, b, spacing).max(), surface_distances(b, a, spacing).max()))


def holes(mask):
    outside = measure.label(np.pad(1 - mask.astype(np.uint8), 1, constant_values=1), connectivity=2)
    return int(sum(region.area for region in measure.regionprops(outside) if region.bbox[0] != 0))


def disconnected(mask):
    areas = sorted(region.area for region in measure.regionprops(measure.label(mask, connectivity=2)))
    return int(sum(areas[:-1]))


def enclosed(mask):
    """Components (4-connected) of what is not the mask, numbered, with the outside set to 0."""
    parts = measure.label(np.pad(~mask, 1, constant_values=True), connectivity=1)
    parts[parts == parts[0, 0]] = 0
    return parts[1:-1, 1:-1]


def gap(first, second, small):
    in_first, in_second = enclosed(first), enclosed(second)
    of_first = np.setdiff1d(np.unique(in_first), np.unique(in_first * second))
    of_second = np.setdiff1d(np.unique(in_second), np.unique(in_second * first))
    own_first = np.isin(in_first, of_first[of_first > 0])
    own_second = np.isin(in_second, of_second[of_second > 0])
    between = enclosed(first | own_first | second | own_second) > 0
    pixels = int(between.sum())
    return pixels if pixels > small else 0


def erosion_ratio(mask, small):
    if not mask.any() or mask.all():
        return math.nan
    thickness = distance_transform_edt(mask).max()
    eroded, erosions = mask, 0
    while measure.label(eroded, connectivity=2, return_num=True)[1] == 1:
        eroded = morphology.binary_erosion(eroded, np.ones((3, 3)))
        eroded = morphology.remove_small_objects(eroded, min_size=small)
        erosions += 1
    return float(erosions / thickness)


def width_ratio(frame):
    (region,) = measure.regionprops((frame > 0).astype(np.uint8))
    row = frame[int(region.centroid[0])]
    lv, myo = np.count_nonzero(row == LV), np.count_nonzero(row == MYO)
    return float(lv / myo) if lv and myo else math.nan


def frontier_ratio(frame):
    lv = frame == LV
    frontier = int((lv * morphology.dilation((frame == 0).astype(np.uint8), np.ones((3, 3)))).sum())
    columns = np.nonzero(lv.any(axis=0))[0]
    return frontier / (columns[-1] - columns[0] + 1) if frontier > 1 else 0.0


def criteria(frame):
    lv, myo = frame == LV, frame == MYO
    small = frame.size / 2**14
    return [
        int(lv.any()),
        holes(lv),
        disconnected(lv),
        disconnected(myo),
        holes(frame > 0),
        gap(lv, myo, small),
        width_ratio(frame),
        erosion_ratio(myo, small),
        frontier_ratio(frame),
    ]


def base_corners(frame):
    lv, myo = frame == LV, frame == MYO
    near = lv & binary_dilation(myo, structure=FULL) & binary_dilation(~(lv | myo), structure=FULL)
    rows, columns = np.nonzero(near)
    if len(rows) < 2:
        return None
    left = columns < columns.mean()
    i, j = rows[left].argmax(), rows[~left].argmax()
    return np.array([[rows[left][i], columns[left][i]], [rows[~left][j], columns[~left][j]]], dtype=float)


def apex(frame):
    lv = frame == LV
    contour = measure.find_contours(lv, 0.9)[0]
    around = contour - center_of_mass(lv)
    angle = np.arctan2(around[:, 0], around[:, 1])
    order = np.argsort(angle, kind="stable")
    angle = angle[order]
    profile = gaussian_filter1d(np.hypot(around[:, 0], around[:, 1])[order], len(contour) * 0.05)
    peaks, found = find_peaks(profile, height=0)
    upper = angle[peaks] < 0
    return contour[order[peaks[upper][found["peak_heights"][upper].argmax()]]]


def attributes(video, spacing):
    """The six attributes of every frame, each by a pass of its own, as published."""
    pixel = spacing[0] * spacing[1]
    size = np.array(spacing)
    lv_area = [float((frame == LV).sum() * pixel) for frame in video]
    myo_area = [float((frame == MYO).sum() * pixel) for frame in video]
    width = [float(np.linalg.norm(np.subtract(*base_corners(frame)) * size)) for frame in video]
    length = [float(np.linalg.norm((apex(frame) - base_corners(frame).mean(axis=0)) * size)) for frame in video]
    center_x = [float(center_of_mass(frame > 0)[0]) for frame in video]
    center_y = [float(center_of_mass(frame > 0)[1]) for frame in video]
    return [lv_area, myo_area, width, length, center_x, center_y]


def neighbour_distances(masks, spacing):
    """Mean distance of each inner frame to the frame before and to the one after."""
    inner = range(1, len(masks) - 1)
    return [
        (hausdorff(masks[t], masks[t - 1], spacing) + hausdorff(masks[t], masks[t + 1], spacing)) / 2 for t in inner
    ]


def valve_distances(prediction, reference):
    away = [np.linalg.norm(base_corners(p) - base_corners(r), axis=1) for p, r in zip(prediction, reference)]
    return [float(value) for value in np.concatenate(away)]


def valleys(reference):
    area = np.array([(frame == LV).sum() for frame in reference])
    padded = np.pad(area, 10, mode="reflect")
    padded[:10] -= 1
    padded[-10:] -= 1
    middle = area.min() + 0.5 * np.ptp(area)
    found, _ = find_peaks(-padded, distance=10, height=-middle)
    return [int(t) - 10 for t in found if 0 <= t - 10 < len(area)]


def score(prediction, reference, spacing):
    structures = [lambda labels: labels == LV, lambda labels: labels == MYO, lambda labels: labels > 0]
    return {
        "dice": [dice(pick(prediction), pick(reference)) for pick in structures],
        "hausdorffMm": [
            float(np.mean([hausdorff(pick(p), pick(r), spacing) for p, r in zip(prediction, reference)]))
            for pick in structures
        ],
        "criteria": [criteria(frame) for frame in prediction],
        "attributes": attributes(prediction, spacing),
        "neighbourMm": [neighbour_distances(pick(prediction), spacing) for pick in structures[1:]],
        "valvePixels": valve_distances(prediction, reference),
        "valleys": valleys(reference),
    }


def main():
    path, *numbers = sys.argv[1:]
    frames, rows, columns = (int(number) for number in numbers[:3])
    spacing = tuple(float(number) for number in numbers[3:5])
    prediction, reference = np.fromfile(path, np.uint8).reshape(2, frames, rows, columns)
    score(prediction[:3], reference[:3], spacing)
    wall, cpu = time.perf_counter(), time.process_time()
    values = score(prediction, reference, spacing)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    versions = f"Python {sys.version.split()[0]}, scipy {scipy.__version__}, scikit-image {skimage.__version__}"
    print(json.dumps({"wallMs": 1000 * wall, "cpuMs": 1000 * cpu, "versions": versions, "values": values}))


if __name__ == "__main__":
    main()
