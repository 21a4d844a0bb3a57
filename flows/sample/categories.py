"""Product categories: Portuguese name, English name, and share of the products."""

from typing import NamedTuple


class Category(NamedTuple):
    """A category and its products per 1,000; None as English name means no translation."""

    name: str
    english: str | None
    products: int


CATEGORIES = (
    Category("roupa_de_cama", "bedding", 95),
    Category("perfumes_e_cremes", "perfumes_and_creams", 85),
    Category("artigos_esportivos", "sports_gear", 80),
    Category("moveis_de_quarto", "bedroom_furniture", 75),
    Category("panelas_e_talheres", "cookware", 70),
    Category("perifericos_de_computador", "computer_peripherals", 65),
    Category("celulares_e_capas", "phones_and_cases", 55),
    Category("pecas_automotivas", "car_parts", 50),
    Category("relogios_de_pulso", "wrist_watches", 50),
    Category("jogos_e_brinquedos", "games_and_toys", 45),
    Category("ferramentas_manuais", "hand_tools", 40),
    Category("jardinagem", "gardening", 35),
    Category("carrinhos_e_fraldas", "strollers_and_diapers", 35),
    Category("caixas_de_som", "loudspeakers", 30),
    Category("iluminacao", "lighting", 25),
    Category("papel_e_caneta", "pens_and_paper", 25),
    Category("racao_e_coleiras", "pet_food_and_collars", 25),
    Category("bolsas_e_mochilas", "bags_and_backpacks", 20),
    Category("calcados_de_corrida", "running_shoes", 15),
    Category("ventiladores", "fans_and_air_conditioning", 12),
    Category("livros_escolares", "school_books", 11),
    Category("instrumentos_de_corda", "string_instruments", 10),
    Category("material_de_limpeza", "cleaning_supplies", 10),
    Category("cafe_e_cha", "coffee_and_tea", 10),
    Category("vinhos", "wines", 8),
    Category("quadros_e_molduras", "pictures_and_frames", 8),
    Category("cameras_e_lentes", "cameras_and_lenses", 5),
    Category("discos_de_vinil", "vinyl_records", 3),
    Category("festa_junina", "june_festival", 2),
    Category("consoles_retro", None, 1),
)
