"""Static sites about a lake: the data docs and the report. Both share one layout and its charts."""

from flows.config.extras import require

require("altair", "the report and the data docs draw charts")
require("vl_convert", "the report and the data docs draw charts")
