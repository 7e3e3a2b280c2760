"""What parents type in Spanish and French, as they say it at home, and what it means."""

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
        no tiene pulso; está frío y azul; necesito ayuda; se me muere; lo sacudí
        no respira mi bebé; creo que no respira; rápido una ambulancia
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
        no se cayó; no tiene fiebre; no necesito ayuda; no llames a una ambulancia; le cuesta dormir; no vomitó
        mañana no puedo; no pasa nada mi amor; el vestido azul está en el armario; tu hermano está en el cole
    """,
}
FRENCH = {
    # France, Québec and Belgium; with and without "ne"
    "danger": """
        il ne respire plus; elle respire pas; il respire pus; il n'arrive plus à respirer; elle a du mal à respirer
        il a de la misère à respirer; il respire très mal; sa respiration est bizarre; il cherche son air
        mon dieu il ne respire plus; mon bébé ne respire plus; elle a arrêté de respirer; je crois qu'il respire plus
        il s'étouffe; elle s'étouffe avec son lait; il s'est étouffé; elle a avalé de travers; il a avalé une pile
        il a quelque chose dans la gorge; elle s'étrangle
        il est bleu; elle est toute bleue; il devient bleu; il vire au bleu; ses lèvres sont bleues
        elle a les lèvres violettes; sa bouche est bleue; il est blanc comme un linge; elle est tout livide
        il est tout mou; elle est devenue toute molle; il est comme une poupée de chiffon; elle est inerte
        il ne réagit plus; elle ne répond pas; il bouge plus; elle n'ouvre plus les yeux; il se réveille pas
        je n'arrive pas à le réveiller; j'arrive pas à la réveiller; impossible de le réveiller
        j'arrive plus à réveiller mon bébé; il a perdu connaissance; elle s'est évanouie; il fait un malaise
        convulsions; il convulse; elle fait une convulsion; il fait une crise d'épilepsie; ses yeux se révulsent
        il tremble de partout; elle a les yeux révulsés; son visage gonfle; il fait une réaction allergique
        au secours; à l'aide; aidez-moi; aide-moi; aidez mon bébé; c'est une urgence; c'est urgent
        appelle le SAMU; appelez le SAMU; appelle les pompiers; appelez une ambulance; appelle le 15; appelez le 112
        appelle le 911; il faut appeler les secours; j'ai besoin d'aide; il va mourir; je l'ai secoué
        a respire pas; il n'a plus de pouls; elle est froide et bleue
        vite une ambulance; il respire plus mon bébé; on dirait qu'il est tout bleu
    """,
    "unwell": """
        il a de la fièvre; elle fait de la fièvre; il a 39 de fièvre; il est brûlant; elle est toute chaude; il a vomi
        elle a tout vomi; il vomit; elle a des boutons; il a des plaques rouges; quelque chose ne va pas
        y a quelque chose qui cloche; il va pas bien; elle n'a pas l'air bien; elle file pas; il ne veut rien manger
        il y a du sang dans sa couche; elle est malade; il a une gastro
    """,
    "injury": """
        il est tombé; elle est tombée du lit; il est tombé de la table à langer; il est tombé du divan
        je l'ai échappé; je l'ai fait tomber; elle s'est cogné la tête; il s'est tapé la tête; elle saigne
        il a une bosse
        il a une prune sur le front; y a du sang partout; elle s'est brûlée; je lui ai fait mal
    """,
    "overwhelmed distress": """
        je craque; j'en peux plus; je n'en peux plus; je suis à bout; je suis tannée; je vais péter un plomb
        j'ai envie de le secouer; je vais la secouer; j'ai peur de lui faire mal; je supporte plus ses pleurs
        je sais plus quoi faire; rien ne le calme; je suis une mauvaise mère; j'y arrive plus; je capote
        j'ai envie de mourir
    """,
    "overwhelmed tired": "je suis crevée; je suis épuisée; je m'endors; je tombe de sommeil; je cogne des clous",
    "asleep": """
        il s'endort; il s'est endormi; elle s'est endormie; elle dort; il dort profondément; bébé dort; il fait dodo
        ses yeux se ferment; elle est tombée endormie
    """,
    "away nappy": "il a fait caca; je dois le changer; changement de couche; elle m'a fait pipi dessus",
    "away wind": "il a roté; elle a fait son rot; il a pété; elle a des gaz",
    "away milk": "il a régurgité; elle a craché un peu de lait; il bave",
    "away sneeze": "il a éternué; elle éternue; il tousse; atchoum",
    "away feed": "je vais l'allaiter; c'est l'heure du biberon; je dois le nourrir",
    "away phone": "le téléphone sonne; mon cellulaire sonne; on m'appelle",
    "away door": "on sonne à la porte; ça frappe",
    "away away": "je reviens; je reviens dans deux minutes; où est l'huile",
    "away cold": "il a froid; elle a les pieds froids; elle grelotte",
    "away hot": "elle a trop chaud; il transpire",
    "stress crying": "il pleure; elle pleure encore; il braille; elle va pleurer; il n'arrête pas de pleurer",
    "stress crying hungry": "il a faim; elle a très faim; il veut le sein; elle cherche le sein",
    "stress crying pain": "il a mal au ventre; elle a mal au bedon; il fait ses dents; elle a des coliques",
    "stress crying tired": "il est fatigué; elle est crevée; il tombe de sommeil; elle veut faire dodo",
    "stress crying sad": "il veut les bras; elle veut maman; il veut un câlin",
    "stress crying frightened": "il a sursauté; elle a peur",
    "stress skin_colour": "il est tout rouge; elle est très pâle; il est blême; elle devient rouge",
    "stress hiccoughs": "il a le hoquet; elle a encore le hoquet",
    "stress restless": "elle bâille; il bâille; il se frotte les yeux; il gigote; elle est très agitée",
    "stress irritable": "elle est grognon; il est surstimulé; elle s'énerve",
    "stress disinterested": "il n'aime pas; elle aime pas ça; il se cambre; elle se raidit; son menton tremble",
    "stress unable_to_focus": "il détourne le regard; elle tourne la tête; il regarde dans le vide",
    "stress fussing": "elle râle; il chouine; il n'est pas content",
    "comfort enjoying": "il aime ça; elle adore; il me sourit; elle suce son pouce",
    "comfort happy_sounds": "elle gazouille; il rit; il rit aux éclats",
    "comfort relaxed_breathing": "il est détendu; elle est zen; il soupire",
    "calm": """
        il est calme; elle va mieux; il pleure plus; il ne pleure plus; elle a arrêté de pleurer; fausse alerte
        tout va bien; ça va mieux; c'est passé; elle s'est calmée; il respire normalement
    """,
    "mixed": "je sais pas; pas sûre; oui et non; je suis pas sûr",
    "done": "c'est bon; c'est fait; ça y est; ok; voilà; je l'ai fait; c'est beau",
    "next": "suivant; et après; la suite; on fait quoi après; passe au suivant; c'est quoi la suite; ok la suite",
    "repeat": "t'as dit quoi; quoi; hein; pardon; j'ai pas compris; comment; tu peux répéter; répète",
    "pause": "attends; attendez; attends minute; une petite seconde; deux minutes; donne-moi deux minutes",
    "stop": "arrête; arrêtez; stop; tais-toi; chut; ça suffit; arrête ça",
    "resume": "on est de retour; on reprend; vas-y; c'est reparti; continue; me revoilà",
    "finish": "on arrête là; c'est tout pour ce soir; on a fini; au revoir",
    "skip": "saute ça; on passe; pas celle-là; passe cette étape",
    "louder": "plus fort; monte le son; je t'entends mal",
    "quieter": "moins fort; baisse le son; chuchote",
    "slower": "moins vite; tu vas trop vite; plus lentement",
    "music_on": "mets de la musique; chante une berceuse; une berceuse",
    "music_off": "arrête la musique; coupe la musique; ferme la musique",
    "other_side": "l'autre côté; et l'autre jambe; on change de côté",
    "there": "t'es là; tu m'entends; allô; vous êtes toujours là",
    "how_long": "il reste combien de temps; encore combien de temps; c'est long",
    "where": "on est rendu où; on en est où",
    "help": "aide; que puis-je dire; menu",
    "ask oil": "quelle huile; je mets de l'huile; j'ai pas d'huile",
    "ask pressure": "j'appuie fort; avec quelle force; j'appuie comment",
    "ask right": "c'est bien comme ça; je fais bien; comme ça",
    "ask side": "quelle jambe d'abord; les deux jambes",
    "ask comfort": "j'ai mal au dos; j'ai mal aux genoux",
    "goto chest": "on passe à la poitrine; va à la poitrine; refais la poitrine",
    "leave_out back": "saute le dos; sans le dos; pas le dos",
    "only legs": "juste les jambes; seulement les jambes",
    "none": """
        il n'est pas bleu; il a les yeux bleus; son body bleu; il respire dehors; le bleu du ciel; la couche est bleue
        ne pleure pas mon cœur; le voisin a appelé les pompiers hier; la suite de l'histoire; demain il fera beau
        elle n'est pas bleue; il ne s'étouffe pas; n'appelle pas les pompiers; je n'ai pas besoin d'aide
        tu as faim mon cœur; elle n'est pas tombée; ton frère est à l'école; je n'ai pas de fièvre
    """,
}
TABLES = {"es": SPANISH, "fr": FRENCH}
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


@pytest.mark.parametrize(("code", "typed"), [("es", "esta morado mi bebe"), ("fr", "il s'est evanoui")])
def test_a_frightened_parent_needs_no_accents_at_the_keyboard(code: str, typed: str) -> None:
    ears = Keyboard(book(code), io.StringIO(f"{typed}\n"), pytest.fail, "")
    heard = [one for n in range(200) for one in ears.hear(np.zeros(480, np.int16), n * 0.03)]
    assert [one.command.danger for one in heard if isinstance(one, Heard)] == [True]
