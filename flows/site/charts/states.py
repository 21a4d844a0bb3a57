"""The states of Brazil: their names and their positions on a grid of tiles."""

from contracts.domain import STATES
from flows.site.formatting import DASH

NAMES = {
    "AC": "Acre",
    "AL": "Alagoas",
    "AM": "Amazonas",
    "AP": "Amapá",
    "BA": "Bahia",
    "CE": "Ceará",
    "DF": "Distrito Federal",
    "ES": "Espírito Santo",
    "GO": "Goiás",
    "MA": "Maranhão",
    "MG": "Minas Gerais",
    "MS": "Mato Grosso do Sul",
    "MT": "Mato Grosso",
    "PA": "Pará",
    "PB": "Paraíba",
    "PE": "Pernambuco",
    "PI": "Piauí",
    "PR": "Paraná",
    "RJ": "Rio de Janeiro",
    "RN": "Rio Grande do Norte",
    "RO": "Rondônia",
    "RR": "Roraima",
    "RS": "Rio Grande do Sul",
    "SC": "Santa Catarina",
    "SE": "Sergipe",
    "SP": "São Paulo",
    "TO": "Tocantins",
}

_GRID = """
.. .. RR .. AP .. .. ..
.. .. AM PA MA CE RN ..
.. AC RO MT TO PI PE PB
.. .. .. MS GO BA SE AL
.. .. .. .. DF MG ES ..
.. .. .. .. SP RJ .. ..
.. .. .. .. PR .. .. ..
.. .. .. .. SC .. .. ..
.. .. .. .. RS .. .. ..
"""

TILES = {
    state: (row, column - 1)
    for row, line in enumerate(_GRID.split("\n")[1:-1])
    for column, state in enumerate(line.split())
    if state in STATES
}
"""Row and column of each state, counted from the north-west."""


def state_label(state: str) -> str:
    """Return the abbreviation and the name of a state; return any other text unchanged."""
    return f"{state} {DASH} {NAMES[state]}" if state in NAMES else state
