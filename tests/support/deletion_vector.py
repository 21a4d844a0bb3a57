"""Rows marked as deleted in a Delta table, as Spark and Databricks do for DELETE."""

import json
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deltalake import DeltaTable

_Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"


def mark_deleted(table: Path, positions: Sequence[int]) -> None:
    """Commit a deletion vector for rows of the table's largest file, by their positions."""
    files, metadata, protocol = dict[str, Any](), dict[str, Any](), dict[str, Any]()
    log = table / "_delta_log"
    for path in sorted(log.glob("*.json")):
        for action in map(json.loads, path.read_text().splitlines()):
            for kind, said in action.items():
                if kind == "add":
                    files[said["path"]] = said
                elif kind == "remove":
                    files.pop(said["path"], None)
                metadata = said if kind == "metaData" else metadata
                protocol = said if kind == "protocol" else protocol
    file = max(files.values(), key=lambda each: json.loads(each["stats"])["numRecords"])
    bitmap = _bitmap(positions)
    vector = {
        "storageType": "i",
        "pathOrInlineDv": _z85(bitmap),
        "sizeInBytes": len(bitmap),
        "cardinality": len(positions),
    }
    features = {"deletionVectors", *protocol.get("readerFeatures", [])}
    metadata["configuration"]["delta.enableDeletionVectors"] = "true"
    actions = [
        {"commitInfo": {"operation": "DELETE", "timestamp": 1_700_000_000_000}},
        {
            "protocol": {
                "minReaderVersion": 3,
                "minWriterVersion": 7,
                "readerFeatures": sorted(features),
                "writerFeatures": sorted({*features, *protocol.get("writerFeatures", [])}),
            }
        },
        {"metaData": metadata},
        {
            "remove": {
                "path": file["path"],
                "deletionTimestamp": 1_700_000_000_000,
                "dataChange": True,
                "extendedFileMetadata": True,
                "partitionValues": file["partitionValues"],
                "size": file["size"],
            }
        },
        {"add": {**file, "dataChange": True, "deletionVector": vector}},
    ]
    version = DeltaTable(table).version() + 1
    (log / f"{version:020}.json").write_text("\n".join(map(json.dumps, actions)))


def _bitmap(positions: Sequence[int]) -> bytes:
    """Return positions below 65,536 as a Roaring bitmap, in the form that Delta stores."""
    container = struct.pack("<HHI", 0, len(positions) - 1, 16)
    container += b"".join(struct.pack("<H", each) for each in sorted(positions))
    roaring = struct.pack("<II", 12346, 1) + container
    return struct.pack("<IQI", 1681511377, 1, 0) + roaring


def _z85(data: bytes) -> str:
    text = ""
    padded = data + b"\0" * (-len(data) % 4)
    for (word,) in struct.iter_unpack(">I", padded):
        digits = [word // 85**power % 85 for power in (4, 3, 2, 1, 0)]
        text += "".join(_Z85[digit] for digit in digits)
    return text
