"""The sentences of review comments."""

TITLES = (
    "Compra aprovada aqui em casa",
    "Valeu cada centavo",
    "Nota máxima",
    "Atenção ao prazo",
    "Deixou a desejar, infelizmente",
    'Nada "premium"',
)

# By review score, from 1 to 5.
OPENINGS = (
    (
        "O pacote nunca apareceu na minha portaria",
        "Abri a caixa e faltavam peças, uma decepção",
        "Veio outra cor, outro tamanho e sem nota fiscal",
        "Estou há semanas sem notícia da transportadora",
    ),
    (
        "A embalagem chegou rasgada e o item, riscado",
        "Parou de funcionar na segunda semana de uso",
        'O acabamento "de luxo" do anúncio não existe',
        "Demorou tanto que perdi o aniversário",
    ),
    (
        "O artigo cumpre a função, mas o acabamento é simples",
        "Serve para o dia a dia, nada além disso",
        "Metade do pedido veio certa, a outra metade ainda espero",
        "Razoável pelo preço, a costura podia ser melhor",
    ),
    (
        "Gostei bastante, só achei a caixa grande demais",
        "Chegou inteiro e quase no dia combinado",
        "Material resistente, a cor é um pouco mais clara",
        "Boa compra, o manual é que não ajuda",
    ),
    (
        "Chegou antes do que eu esperava e muito bem embalado",
        "É idêntico às fotos, a família inteira adorou",
        'Minha mãe disse: "que capricho!"',
        "Segunda vez que encomendo nesta loja, sempre impecável",
    ),
)

JOINTS = (". ", ", ", " - ", "\n", "\r\n", "\r\n\r\n")

# By whether the review score is high.
CLOSINGS = (
    (
        "Peço o estorno integral",
        "Aguardo uma solução há dias",
        "Ninguém responde às mensagens",
        "Aqui eu não encomendo de novo",
    ),
    (
        "Próximo pedido já está na lista",
        "Indico aos vizinhos",
        "Parabéns à equipe da expedição",
        "Obrigada pela atenção",
    ),
)

# Invented people. The domain is reserved for examples; the numbers are those of documentation.
CONTACTS = (
    "Meu e-mail é joana.prado@example.com",
    "Respondam para lucas_m+loja@example.com, por favor",
    "Meu telefone: (11) 99999-0123",
    "Liguem no +55 21 98888-0456",
    "WhatsApp 31 97777-0789",
    "CPF 123.456.789-09",
    "Meu cpf é 12345678909",
    "Nota em nome do CNPJ 11.222.333/0001-81",
    "Enviar ao CEP 01001-000",
    "Moro no cep 20040-020, casa dos fundos",
)
