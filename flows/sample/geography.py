"""The states of Brazil: zip code ranges, shares of the marketplace, and some cities."""

from typing import NamedTuple


class State(NamedTuple):
    """A state, its zip code prefixes, and its shares per 10,000 of customers and sellers."""

    code: str
    first_prefix: int
    last_prefix: int
    customers: int
    sellers: int


class City(NamedTuple):
    """A city and the coordinates of its centre, in degrees."""

    state: str
    name: str
    lat: float
    lng: float


STATES = (
    State("SP", 1000, 19999, 4190, 5970),
    State("RJ", 20000, 28999, 1300, 550),
    State("ES", 29000, 29999, 200, 75),
    State("MG", 30000, 39999, 1170, 786),
    State("BA", 40000, 48999, 340, 60),
    State("SE", 49000, 49999, 35, 5),
    State("PE", 50000, 56999, 165, 30),
    State("AL", 57000, 57999, 42, 4),
    State("PB", 58000, 58999, 54, 18),
    State("RN", 59000, 59999, 49, 16),
    State("CE", 60000, 63999, 135, 42),
    State("PI", 64000, 64999, 50, 4),
    State("MA", 65000, 65999, 75, 4),
    State("PA", 66000, 68899, 98, 4),
    State("AP", 68900, 68999, 7, 2),
    State("AM", 69000, 69299, 15, 4),
    State("RR", 69300, 69399, 5, 2),
    State("AC", 69900, 69999, 8, 4),
    State("DF", 70000, 72799, 215, 95),
    State("GO", 72800, 76799, 205, 125),
    State("RO", 76800, 76999, 25, 6),
    State("TO", 77000, 77999, 28, 4),
    State("MT", 78000, 78899, 91, 14),
    State("MS", 79000, 79999, 72, 16),
    State("PR", 80000, 87999, 508, 1130),
    State("SC", 88000, 89999, 366, 610),
    State("RS", 90000, 99999, 552, 420),
)

CITIES = (
    City("SP", "são paulo", -23.55, -46.63),
    City("SP", "guarulhos", -23.46, -46.53),
    City("SP", "santos", -23.96, -46.33),
    City("SP", "campinas", -22.91, -47.06),
    City("SP", "ribeirão preto", -21.18, -47.81),
    City("SP", "sorocaba", -23.50, -47.46),
    City("RJ", "rio de janeiro", -22.91, -43.20),
    City("RJ", "niterói", -22.88, -43.10),
    City("RJ", "petrópolis", -22.51, -43.18),
    City("RJ", "volta redonda", -22.52, -44.10),
    City("ES", "vitória", -20.32, -40.34),
    City("ES", "vila velha", -20.33, -40.29),
    City("MG", "belo horizonte", -19.92, -43.94),
    City("MG", "juiz de fora", -21.76, -43.35),
    City("MG", "montes claros", -16.73, -43.86),
    City("MG", "uberlândia", -18.92, -48.28),
    City("BA", "salvador", -12.97, -38.50),
    City("BA", "feira de santana", -12.27, -38.97),
    City("BA", "vitória da conquista", -14.86, -40.84),
    City("SE", "aracaju", -10.91, -37.07),
    City("SE", "lagarto", -10.92, -37.65),
    City("PE", "recife", -8.05, -34.90),
    City("PE", "caruaru", -8.28, -35.98),
    City("PE", "petrolina", -9.39, -40.50),
    City("AL", "maceió", -9.65, -35.74),
    City("AL", "arapiraca", -9.75, -36.66),
    City("PB", "joão pessoa", -7.12, -34.86),
    City("PB", "campina grande", -7.23, -35.88),
    City("RN", "natal", -5.79, -35.21),
    City("RN", "mossoró", -5.19, -37.34),
    City("CE", "fortaleza", -3.73, -38.53),
    City("CE", "sobral", -3.69, -40.35),
    City("CE", "juazeiro do norte", -7.21, -39.32),
    City("PI", "teresina", -5.09, -42.80),
    City("PI", "picos", -7.08, -41.47),
    City("MA", "são luís", -2.53, -44.30),
    City("MA", "imperatriz", -5.53, -47.48),
    City("PA", "belém", -1.46, -48.49),
    City("PA", "santarém", -2.44, -54.71),
    City("PA", "marabá", -5.37, -49.12),
    City("AP", "macapá", 0.04, -51.07),
    City("AM", "manaus", -3.10, -60.02),
    City("RR", "boa vista", 2.82, -60.67),
    City("AC", "rio branco", -9.97, -67.81),
    City("AC", "cruzeiro do sul", -7.63, -72.67),
    City("DF", "brasília", -15.79, -47.88),
    City("DF", "taguatinga", -15.83, -48.06),
    City("GO", "goiânia", -16.68, -49.25),
    City("GO", "anápolis", -16.33, -48.95),
    City("GO", "rio verde", -17.79, -50.92),
    City("RO", "porto velho", -8.76, -63.90),
    City("RO", "ji-paraná", -10.88, -61.95),
    City("TO", "palmas", -10.18, -48.33),
    City("TO", "araguaína", -7.19, -48.20),
    City("MT", "cuiabá", -15.60, -56.10),
    City("MT", "rondonópolis", -16.47, -54.64),
    City("MS", "campo grande", -20.47, -54.62),
    City("MS", "dourados", -22.22, -54.81),
    City("PR", "curitiba", -25.43, -49.27),
    City("PR", "ponta grossa", -25.09, -50.16),
    City("PR", "londrina", -23.31, -51.16),
    City("PR", "maringá", -23.42, -51.94),
    City("SC", "florianópolis", -27.60, -48.55),
    City("SC", "joinville", -26.30, -48.85),
    City("SC", "chapecó", -27.10, -52.62),
    City("RS", "porto alegre", -30.03, -51.22),
    City("RS", "pelotas", -31.77, -52.34),
    City("RS", "caxias do sul", -29.17, -51.18),
)
