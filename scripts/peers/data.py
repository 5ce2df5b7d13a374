"""UCI HAR as the product reads it: windows of sensor counts, the published split, HAR-2 and HAR-6.

Counts are those of docs/DATA.md: accelerometer 1/8192 g, gyroscope 1/65.5 degree per second.
"""

import tarfile
import zipfile

import numpy as np

SIGNALS = [f"{kind}_{axis}" for kind in ("body_acc", "body_gyro", "total_acc") for axis in "xyz"]
STEPS, CHANNELS = 128, len(SIGNALS)
COUNTS_PER_UNIT = np.repeat([8192.0, 65.5 * 180.0 / np.pi, 8192.0], 3)
# Persons of the training part on whom settings are chosen, as in docs/DATA.md.
VALIDATION_PERSONS = [7, 16, 23, 29]
# Activities of class 1 of HAR-2: walking upstairs, sitting, laying.
HAR2_ONES = [1, 3, 5]
CLASSES = 6


PARTS = ("train", "test")


def _tables(path):
    """Tables [N, columns] of the signals, labels and persons in a tar or zip archive, by the end of their names."""
    endings = [f"/{part}/{kind}_{part}.txt" for part in PARTS for kind in ("y", "subject")]
    endings += [f"/{part}/Inertial Signals/{signal}_{part}.txt" for part in PARTS for signal in SIGNALS]
    if zipfile.is_zipfile(path):
        archive = zipfile.ZipFile(path)
        files = ((name, lambda name=name: archive.read(name)) for name in archive.namelist())
    else:
        # In the archive's order: going back would decompress it anew.
        archive = tarfile.open(path)
        files = ((member.name, lambda member=member: archive.extractfile(member).read()) for member in archive)
    tables = {}
    for name, read in files:
        for ending in endings:
            if name.endswith(ending):
                text = read()
                tables[ending] = np.fromstring(text, sep=" ").reshape(len(text.splitlines()), -1)
    missing = [ending for ending in endings if ending not in tables]
    if missing:
        raise SystemExit(f"{path}: no file ends with {missing[0]}; the published archive is needed")
    return tables


def load(path):
    """Both parts: {"train" | "test": (counts [N, 128, 9] i16, activities [N] 0..5, persons [N])}."""
    tables, parts = _tables(path), {}
    for part in PARTS:
        signals = [tables[f"/{part}/Inertial Signals/{signal}_{part}.txt"] for signal in SIGNALS]
        counts = np.rint(np.stack(signals, axis=-1) * COUNTS_PER_UNIT)
        if counts.shape[1:] != (STEPS, CHANNELS) or np.abs(counts).max() > 32767:
            raise SystemExit(f"{path}: {part} has windows of shape {counts.shape[1:]} or values out of range")
        labels, persons = (tables[f"/{part}/{kind}_{part}.txt"][:, 0].astype(int) for kind in ("y", "subject"))
        parts[part] = counts.astype(np.int16), labels - 1, persons
    return parts


def har2(activities):
    """The classes of HAR-2, 0 or 1, of activities 0 to 5."""
    return np.isin(activities, HAR2_ONES).astype(int)


def split(parts, validate):
    """(counts, activities) to train on, and to score: with `validate` four persons of the training part, else the test part."""
    counts, activities, persons = parts["train"]
    if not validate:
        return (counts, activities), parts["test"][:2]
    held = np.isin(persons, VALIDATION_PERSONS)
    return (counts[~held], activities[~held]), (counts[held], activities[held])
