"""What parents type in other languages than English, as they say it at home, and what it means."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
import pytest

from voiceguide.hearing.ears import Heard
from voiceguide.hearing.keyboard import Keyboard
from voiceguide.language.command import Command
from voiceguide.language.language import load_language
from voiceguide.language.phrasebook import Phrasebook, unaccented
from voiceguide.routine.library import find
from voiceguide.routine.loading import load

SPANISH = {
    # Spain, Mexico, Argentina, Chile; tú, vos and usted
    "danger": """
        no respira; mi bebé no respira; ya no respira; no puede respirar bien; casi no respira; ay dios mío no respira
        se está ahogando; se ahogó con la leche; se atoró; se atragantó con algo; le falta el aire; se quedó sin aire
        se tragó una moneda; tiene algo en la garganta; respira muy raro; se le hunden las costillas al respirar
        está azul; está todo morado; se puso morado; se me puso azul; se le pusieron los labios morados
        tiene los labios azules; mi hija está toda morada; se quedó blanco como el papel
        no responde; no reacciona; no se mueve; está como un trapo; está muy aguado
        se quedó tieso; se ha desmayado; se me desmayó; perdió el conocimiento; está inconsciente
        no se despierta; no lo puedo despertar; no puedo despertarla; no logro despertar a mi bebé; no abre los ojos
        convulsión; está convulsionando; le dio una convulsión; le está dando un ataque; se le van los ojos para atrás
        puso los ojos en blanco; tiembla todo; se le hinchó la cara; tiene una reacción alérgica
        socorro; auxilio; ayúdame; ayudame por favor; ayúdenme; que alguien me ayude; es una emergencia
        llama a una ambulancia; llamá a una ambulancia; llamen al 911; llama al 112; hay que llamar a emergencias
        necesito ayuda; se me muere; lo sacudí; no respira mi bebé; creo que no respira; rápido una ambulancia
    """,
    "unwell": """
        tiene fiebre; tiene calentura; está ardiendo; tiene 39 de fiebre; vomitó; ha vomitado todo; está vomitando
        le salió un sarpullido; tiene manchas rojas; algo va mal; algo anda mal; no se ve bien; está decaído
        no quiere comer nada; hay sangre en el pañal; tiene la mollera hundida; está malito
    """,
    "injury": """
        se cayó; se cayó de la cama; se ha caído del sofá; se me cayó; se me cayó de los brazos; rodó de la cama
        se pegó en la cabeza; se dio un golpe en la cabeza; tiene un chichón; está sangrando
        le sale sangre de la nariz
        la dejé caer; se quemó; le hice daño
    """,
    "overwhelmed distress": """
        no puedo más; ya no aguanto más; no doy más; no soporto el llanto; lo voy a sacudir; quiero sacudirlo
        tengo miedo de hacerle daño; estoy desbordada; me estoy volviendo loca; no sé qué hacer; soy mala madre
        estoy hasta la madre; nada lo calma; quiero morirme
    """,
    "overwhelmed tired": "estoy muy cansada; me estoy durmiendo; me caigo de sueño; se me cierran los ojos",
    "asleep": """
        se ha dormido; se durmió; se quedó dormida; está dormido; ya se durmió; mi bebé se durmió; se está durmiendo
        cayó rendido; se le cierran los ojos
    """,
    "away nappy": "se hizo pis; se ha hecho caca; hay que cambiarlo; cambio de pañal; me meó",
    "away wind": "eructó; se tiró un pedo; tiene gases; hay que sacarle los gases",
    "away milk": "regurgitó; ha echado un poco de leche; se le salió la leche; está babeando",
    "away sneeze": "ha estornudado; estornudó; está tosiendo; tosió",
    "away feed": "voy a darle el pecho; le toca la toma; voy a darle teta",
    "away phone": "suena el teléfono; me están llamando; suena el celular",
    "away door": "tocan el timbre; llaman a la puerta",
    "away away": "ahora vuelvo; ahorita vengo; ya regreso",
    "away cold": "tiene frío; tiene los pies fríos",
    "away hot": "tiene mucho calor; está sudando",
    "stress crying": "está llorando; llora mucho; se ha puesto a llorar; no para de llorar; rompió a llorar",
    "stress crying hungry": "tiene hambre; quiere la teta; tiene mucha hambre; quiere su mamadera; busca el pecho",
    "stress crying pain": "le duele la barriga; le duele la panza; tiene cólicos; le duelen las encías",
    "stress crying tired": "tiene sueño; está cansadito; tiene mucho sueño",
    "stress crying sad": "quiere upa; quiere brazos",
    "stress crying frightened": "se asustó; se espantó",
    "stress skin_colour": "se ha puesto rojo; está muy pálida; está colorado",
    "stress hiccoughs": "tiene hipo; le dio hipo; le entró hipo",
    "stress restless": "no se está quieto; bosteza; está muy inquieta; se frota los ojos; está bostezando",
    "stress disinterested": "no le gusta; está tenso; se arquea; le tiembla la barbilla; ya no quiere más",
    "stress unable_to_focus": "mira para otro lado; voltea la cara",
    "stress fussing": "se queja; está incómodo; rezonga",
    "comfort enjoying": "le encanta; está feliz; se chupa el dedo",
    "comfort happy_sounds": "se ríe; balbucea; está balbuceando",
    "comfort relaxed_breathing": "está relajada; respira tranquilo; está muy a gusto",
    "calm": """
        ya está mejor; ya se calmó; dejó de llorar; ha dejado de llorar; ya no llora; falsa alarma
        está bien; ya respira
        ya pasó; todo bien; se ha calmado
    """,
    "mixed": "no sé; más o menos; no estoy segura; le gusta y no le gusta",
    "done": "dale; hecho; ya lo hice; ok; ya está; listo ya; ándale; órale",
    "next": "siguiente; y ahora qué; qué sigue; pasá al siguiente; el que sigue; oye el siguiente",
    "repeat": "qué; perdón; no te escuché; mande; cómo dijiste; repetí; no entendí; podés repetir; no te entendí",
    "pause": "esperá; espérame; aguanta; aguantá; espera tantito; bancame un minuto; pará un momento",
    "stop": "para; pará; párale; pará ya; basta; cállate; callate; para por favor",
    "resume": "seguí; ya volvimos; continuá; ya estamos de vuelta; sigue nomás; seguí nomás",
    "finish": "ya terminamos; terminá por hoy; hasta aquí por hoy; lo dejamos aquí; chau",
    "skip": "saltá; salteá esto; sáltate esto; saltate esta parte",
    "louder": "súbele; subile; no te oigo; hablá más fuerte",
    "quieter": "bájale; bajale; habla más bajito; bajá el volumen",
    "slower": "más despacio; más despacito; hablá más lento",
    "music_on": "poné música; pon música; cántale una nana",
    "music_off": "sacá la música; apagá la música",
    "other_side": "el otro lado; la otra pierna; y la otra; cambiamos de lado",
    "there": "sigues ahí; seguís ahí; me oís; me escuchas",
    "how_long": "cuánto falta; falta mucho; ya casi; cuánto más falta",
    "help": "ayuda; qué puedo decir; opciones",
    "ask oil": "qué aceite uso; le pongo crema; puedo usar aceite de bebé",
    "ask pressure": "qué tan fuerte; con cuánta fuerza; aprieto mucho",
    "ask right": "lo estoy haciendo bien; voy bien; así",
    "ask side": "cuál pierna primero; los dos lados",
    "ask comfort": "me duele la espalda; me duele la cintura",
    "goto chest": "andá al pecho; vamos al pecho; hacé el pecho",
    "leave_out back": "salteá la espalda; sin la espalda; hoy sin la espalda",
    "only legs": "nomás las piernas; solo las piernas; hacé solo las piernas",
    "none": """
        no está azul; los ojos azules; tiene los ojos azules; el pañal azul; un body morado
        respira; no llores mi amor
        duerme solo de noche; la siguiente semana viene mi suegra; el niño de la vecina tiene fiebre muy alta
        mañana no puedo; no pasa nada mi amor; el vestido azul está en el armario; tu hermano está en el cole
    """,
}
TABLES = {"es": SPANISH}
SENTENCES = [
    (code, meant, sentence.strip())
    for code, table in TABLES.items()
    for meant, sentences in table.items()
    for line in sentences.splitlines()
    for sentence in line.split(";")
    if sentence.strip()
]


@cache
def book(code: str) -> Phrasebook:
    return load_language(code).phrasebook(load(find(f"infant-massage-{code}")).parts)


def told(command: Command | None) -> str:
    """A command as the tables write it."""
    if command is None:
        return "none"
    if command.danger:
        return "danger"
    more = (command.sign, command.reason, command.about, command.target, *command.targets)
    return " ".join((command.name, *(word for word in more if word)))


@pytest.mark.parametrize("code", TABLES)
def test_the_tables_are_long_and_danger_is_in_them(code: str) -> None:
    mine = [meant for one, meant, _ in SENTENCES if one == code]
    assert len(mine) > 200 and mine.count("danger") > 50


@pytest.mark.parametrize("code", TABLES)
def test_what_parents_say_means_what_they_mean(code: str) -> None:
    wrong = [
        (sentence, meant, told(book(code).meaning(sentence)))
        for one, meant, sentence in SENTENCES
        if one == code and told(book(code).meaning(sentence)) != meant
    ]
    assert wrong == []


@pytest.mark.parametrize("code", TABLES)
def test_it_means_the_same_when_it_is_typed_in_a_hurry(code: str) -> None:
    """Without accents, in capitals and with exclamation marks; what two words have in common is left to the first."""
    plain = book(code).without_accents()
    wrong = [
        (sentence, meant, told(plain.meaning(unaccented(f"¡{sentence.upper()}!"))))
        for one, meant, sentence in SENTENCES
        if one == code and told(plain.meaning(unaccented(f"¡{sentence.upper()}!"))) != meant
    ]
    assert wrong == []


@pytest.mark.parametrize(("code", "typed"), [("es", "esta morado mi bebe")])
def test_a_frightened_parent_needs_no_accents_at_the_keyboard(code: str, typed: str) -> None:
    ears = Keyboard(book(code), io.StringIO(f"{typed}\n"), pytest.fail, "")
    heard = [one for n in range(200) for one in ears.hear(np.zeros(480, np.int16), n * 0.03)]
    assert [one.command.danger for one in heard if isinstance(one, Heard)] == [True]
