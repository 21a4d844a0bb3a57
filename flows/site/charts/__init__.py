"""Charts as SVG: the marks that charts share, their colours, and the tile map of Brazil."""
