"""The flow `report`: the report as a folder of files, and its charts as artifacts of the run."""

from base64 import b64encode
from pathlib import Path
from tempfile import TemporaryDirectory

from prefect.artifacts import create_image_artifact

from flows.config.prefect_server import flow
from flows.config.settings import resolve_location
from flows.pipeline.prefect_executor import prefect_executor
from flows.site.render import publish
from flows.site.report.build import build_pages, chart_images, panels, query_panels
from flows.storage import filesystem, s3
from flows.storage.filesystem import check_access, is_s3
from flows.storage.locations import check_output


@flow
def report(lake: str | None = None, out: str | None = None) -> list[str]:
    """Draw the report of a lake, and return the names of the charts that the run shows.

    Args:
        lake: the location of the tables; KEYSTONE_LAKE when not given.
        out: the folder that the site is written to, or a prefix on S3; when not given, the charts
            are artifacts of the run and nothing else is written.

    Raises:
        NoLakeError: the lake has no tables.
        NoMartsError: it has no marts, or lacks some.
        ForeignFolderError: the folder holds something else.
        OSError: S3 does not answer.
    """
    lake = resolve_location("lake", lake)
    check_access(lake)
    if out:
        check_output(out := resolve_location("site", out), lake)
    with prefect_executor() as executor:
        frames = executor.read(lake, query_panels, lake)
        site = executor.read(lake, build_pages, lake, frames) if out else {}
    if out:
        _write(out, site)
    images = chart_images(frames)
    for panel in panels():
        if panel.name in images:
            _show(panel.name, panel.title, images[panel.name])
    return list(images)


def _write(out: str, site: dict[str, str]) -> None:
    """Publish a site to a folder, or file by file to S3, which cannot replace a whole folder."""
    if not is_s3(out):
        publish(Path(out), site)
        return
    check_access(out)
    with TemporaryDirectory() as folder, s3.translate_errors(out):
        there = filesystem.connect(out)
        for file in sorted(publish(Path(folder) / "site", site).parent.iterdir()):
            there.put_file(str(file), f"{out.rstrip('/')}/{file.name}")


def _show(name: str, title: str, picture: bytes) -> None:
    # The server stores no files, so the picture is in a data URL, which browsers show.
    address = f"data:image/png;base64,{b64encode(picture).decode()}"
    create_image_artifact(address, key=f"report-{name}", description=title)
