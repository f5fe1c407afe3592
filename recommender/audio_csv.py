"""CSV files of audio features, whatever the order and the names of their columns."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from recommender.columns import byte_strings
from recommender.errors import CorpusError
from recommender.features import FEATURES, Feature

# In this order: a file that has both keeps the track's id in `track_id` and often a row number in `id`.
ID_COLUMNS = ("track_uri", "track_id", "uri", "id")

_LONGEST_ROW = 16 * 1024 * 1024
_SNIFFED = 65_536
_BOM = b"\xef\xbb\xbf"
_PREFIX = r"^(?:spotify:track:|https?://open\.spotify\.com/(?:intl-[a-z-]+/)?track/)([0-9A-Za-z]+)(?:\?.*)?$"
# A bare id of digits alone would be a row number, unless it is as long as an id is.
_BARE = r"^(?:[0-9A-Za-z]*[A-Za-z][0-9A-Za-z]*|[0-9]{22})$"
_NUMBER = r"^[-+]?(?:[0-9]{1,30}(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,2})?$"
_MISSING = pa.array(["", "-", "na", "n/a", "nan", "none", "null"])


@dataclass(frozen=True)
class CsvFeatures:
    """The usable rows of one file.

    Attributes:
        uris: dtype 'S', shape (rows,), in file order, repeats included.
        values: float32, shape (rows, 11), in the order of FEATURES, NaN where missing.
        without_id: rows left out because they have no usable id.
        malformed: rows left out because they have more or fewer fields than the header.
        invalid: for each feature, the values taken as missing because they are no number or out of range.
    """

    uris: npt.NDArray[np.bytes_]
    values: npt.NDArray[np.float32]
    without_id: int
    malformed: int
    invalid: dict[str, int]


def parse_features(content: bytes) -> CsvFeatures:
    """Read the unzipped content of a CSV file.

    Raises:
        CorpusError: it is no CSV file, or has no column of ids or none of features.
    """
    content = content.removeprefix(_BOM)
    header, lines = _header(content)
    id_column = next((header[name] for name in ID_COLUMNS if name in header), None)
    columns = {feature: header[feature.name] for feature in FEATURES if feature.name in header}
    if id_column is None or not columns:
        wanted = "of track ids (track_id, id, track_uri or uri)" if id_column is None else "of an audio feature"
        raise CorpusError(f"no column {wanted} among {_shown(header)}; give a comma-separated file that has one.")
    table, malformed = _rows(content, lines, max(header.values()) + 1, [id_column, *columns.values()])
    uris = _uris(table[str(id_column)])
    known = pc.is_valid(uris)
    if not pc.any(known).as_py():
        raise CorpusError("no row has a usable track id; give a file whose ids are those of Spotify tracks.")
    table = table.filter(known)
    values = np.full((table.num_rows, len(FEATURES)), np.nan, np.float32)
    invalid = {}
    for place, feature in enumerate(FEATURES):
        if feature in columns:
            values[:, place], wrong = _values(table[str(columns[feature])], feature)
            if wrong:
                invalid[feature.name] = wrong
    return CsvFeatures(
        byte_strings(uris.filter(known)), values, pc.sum(pc.invert(known)).as_py() or 0, malformed, invalid
    )


def _header(content: bytes) -> tuple[dict[str, int], int]:
    """Return the place of each column, the first where a name is repeated, and how many lines the header ends."""
    start = content[:_SNIFFED]
    if b"\0" in start:
        raise CorpusError("this is no CSV file but a binary one; give the CSV file itself, plain or gzipped.")
    reader = csv.reader(io.StringIO(start.decode("utf-8", "replace"), newline=""))
    try:
        row = next((row for row in reader if any(cell.strip() for cell in row)), None)
    except csv.Error as error:
        raise CorpusError(f"this is no CSV file ({error}); give a comma-separated file with a header.") from error
    if row is None:
        raise CorpusError("the file is empty; give a comma-separated file with a header.")
    places: dict[str, int] = {}
    for place, cell in enumerate(row):
        # Columns without a name are counted too, since the place of the last one says how long a row is.
        places.setdefault(cell.strip().casefold() or f"#{place}", place)
    places.setdefault(f"#{len(row) - 1}", len(row) - 1)
    return places, reader.line_num


def _rows(content: bytes, skipped: int, width: int, wanted: list[int]) -> tuple[pa.Table, int]:
    malformed = 0

    def skip(row: object) -> str:
        nonlocal malformed
        malformed += 1
        return "skip"

    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(content),
            arrow_csv.ReadOptions(
                skip_rows=skipped, column_names=[str(place) for place in range(width)], block_size=_LONGEST_ROW
            ),
            arrow_csv.ParseOptions(newlines_in_values=True, invalid_row_handler=skip),
            arrow_csv.ConvertOptions(
                include_columns=[str(place) for place in wanted],
                column_types={str(place): pa.string() for place in wanted},
                check_utf8=False,
            ),
        )
    except pa.ArrowInvalid as error:
        raise CorpusError(f"this is no readable CSV file ({error}); write it anew, comma-separated.") from error
    return table, malformed


def _uris(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the URI of each row, null where the cell is no track's id, URI or link."""
    cells = pc.ascii_trim_whitespace(column)
    prefixed = pc.match_substring_regex(cells, _PREFIX)
    bare = pc.match_substring_regex(cells, _BARE)
    ids = pc.if_else(prefixed, pc.replace_substring_regex(cells, _PREFIX, r"\1"), cells)
    usable = pc.if_else(pc.or_(prefixed, bare), ids, pa.scalar(None, pa.string()))
    return pc.binary_join_element_wise("spotify:track:", usable, "")


def _values(column: pa.ChunkedArray, feature: Feature) -> tuple[npt.NDArray[np.float32], int]:
    """Return a feature's values, NaN where missing, and how many of them were given but cannot be right."""
    cells = pc.ascii_trim_whitespace(column)
    numeric = pc.match_substring_regex(cells, _NUMBER)
    numbers = pc.cast(pc.if_else(numeric, cells, pa.scalar(None, pa.string())), pa.float64()).to_numpy()
    values = feature.cleaned(numbers)
    # Nothing given, or that Spotify found nothing, is missing but no fault.
    no_fault = pc.is_in(pc.ascii_lower(cells), _MISSING).to_numpy() | (numbers == feature.unknown)
    return values.astype(np.float32), int((np.isnan(values) & ~no_fault).sum())


def _shown(header: dict[str, int]) -> str:
    names = [repr(name) for name in header if not name.startswith("#")]
    return ", ".join(names[:5]) + (" ..." if len(names) > 5 else "")
