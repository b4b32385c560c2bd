/* compound.c - parts of German compounds. No dictionary of the whole language: a list of the nouns
 * that business is made of, which German glues to others. A long word that ends or begins with one
 * is cut there. */
#include <pthread.h>
#include <string.h>

#include "base/arena.h"
#include "base/map.h"
#include "text/stem.h"
#include "text/unicode.h"

enum { WHOLE_MIN = 12, INNER_MIN = 8, PART_MIN = 3, HEAD_MIN = 3, HEAD_MAX = 20 };

static const char *const nouns[] = {
    "Abbuchung",    "Abfall",      "Abgabe",       "Ablauf",        "Ablesung",    "Abnahme",
    "Abo",          "Abonnement",  "Abrechnung",   "Abschlag",      "Abschluss",   "Absender",
    "Adresse",      "Akku",        "Aktion",       "Akte",          "Amt",         "Anbieter",
    "Änderung",     "Anfrage",     "Angabe",       "Angebot",       "Anlage",      "Anleitung",
    "Anmeldung",    "Anruf",       "Anschluss",    "Anschrift",     "Antrag",      "Antwort",
    "Anwalt",       "Anzeige",     "App",          "Apparat",       "Arbeit",      "Artikel",
    "Arzt",         "Aufnahme",    "Auftrag",      "Ausfall",       "Ausgabe",     "Auskunft",
    "Ausweis",      "Auszahlung",  "Auto",         "Automat",       "Bahn",        "Bahnhof",
    "Bank",         "Bau",         "Beamter",      "Bearbeitung",   "Bedarf",      "Bedingung",
    "Beginn",       "Beitrag",     "Beleg",        "Benutzer",      "Berater",     "Beratung",
    "Bereich",      "Bericht",     "Bescheid",     "Bescheinigung", "Beschwerde",  "Bestätigung",
    "Bestellung",   "Besuch",      "Betrag",       "Betreuer",      "Betreuung",   "Betrieb",
    "Bewerber",     "Bewerbung",   "Bewertung",    "Bild",          "Bildschirm",  "Bonus",
    "Brief",        "Buch",        "Buchung",      "Büro",          "Bus",         "Datei",
    "Daten",        "Dauer",       "Decke",        "Dienst",        "Dokument",    "Drucker",
    "Einbau",       "Eingang",     "Einkauf",      "Einladung",     "Einnahme",    "Einrichtung",
    "Einstellung",  "Einzug",      "Empfang",      "Empfänger",     "Ende",        "Energie",
    "Erhöhung",     "Erinnerung",  "Ersatz",       "Erstattung",    "Fahrer",      "Fahrkarte",
    "Fahrplan",     "Fahrrad",     "Fahrt",        "Fall",          "Familie",     "Farbe",
    "Fehler",       "Fenster",     "Fernseher",    "Feuer",         "Filiale",     "Film",
    "Firma",        "Flug",        "Flughafen",    "Formular",      "Foto",        "Frage",
    "Frist",        "Führung",     "Garantie",     "Gas",           "Gast",        "Gebiet",
    "Gebühr",       "Gefahr",      "Gehalt",       "Geld",          "Gemeinde",    "Gerät",
    "Gericht",      "Geschäft",    "Gesellschaft", "Gesetz",        "Gespräch",    "Gewinn",
    "Grenze",       "Größe",       "Grund",        "Gruppe",        "Guthaben",    "Gutschein",
    "Gutschrift",   "Haltestelle", "Handel",       "Händler",       "Handy",       "Haus",
    "Haushalt",     "Heizung",     "Hilfe",        "Hotel",         "Hotline",     "Information",
    "Internet",     "Jahr",        "Kabel",        "Kamera",        "Karte",       "Kasse",
    "Kauf",         "Käufer",      "Kennwort",     "Kennzeichen",   "Kind",        "Kirche",
    "Klage",        "Klasse",      "Konto",        "Kontrolle",     "Kosten",      "Kraft",
    "Kredit",       "Krankheit",   "Kreis",        "Kunde",         "Kündigung",   "Kurs",
    "Laden",        "Lager",       "Land",         "Laufzeit",      "Leben",       "Leistung",
    "Leiter",       "Leitung",     "Licht",        "Lieferant",     "Lieferung",   "Linie",
    "Liste",        "Lohn",        "Lösung",       "Mahnung",       "Mail",        "Mangel",
    "Marke",        "Markt",       "Maschine",     "Material",      "Medien",      "Meldung",
    "Menge",        "Messe",       "Messung",      "Miete",         "Mieter",      "Minute",
    "Mitarbeiter",  "Mitglied",    "Mitteilung",   "Mobil",         "Monat",       "Müll",
    "Nachricht",    "Nachweis",    "Name",         "Netz",          "Netzwerk",    "Nummer",
    "Nutzer",       "Nutzung",     "Ordnung",      "Ort",           "Paket",       "Panne",
    "Papier",       "Partner",     "Passwort",     "Person",        "Personal",    "Pflege",
    "Pflicht",      "Plan",        "Platz",        "Politik",       "Portal",      "Post",
    "Prämie",       "Praxis",      "Preis",        "Problem",       "Produkt",     "Programm",
    "Projekt",      "Prüfung",     "Punkt",        "Quittung",      "Rabatt",      "Rate",
    "Raum",         "Rechner",     "Rechnung",     "Recht",         "Regel",       "Reise",
    "Reklamation",  "Rente",       "Reparatur",    "Reservierung",  "Rückgabe",    "Rücknahme",
    "Sache",        "Schaden",     "Schalter",     "Schein",        "Schrank",     "Schuld",
    "Schule",       "Schüler",     "Schutz",       "Seite",         "Sendung",     "Service",
    "Sicherheit",   "Sitz",        "Sperre",       "Spiel",         "Sprache",     "Stadt",
    "Stand",        "Standort",    "Stelle",       "Steuer",        "Störung",     "Straße",
    "Strom",        "Stück",       "Student",      "Stunde",        "Tag",         "Tarif",
    "Tasche",       "Technik",     "Teil",         "Telefon",       "Termin",      "Test",
    "Ticket",       "Tür",         "Überweisung",  "Umbau",         "Umfrage",     "Umsatz",
    "Umtausch",     "Umzug",       "Unfall",       "Unterlagen",    "Unternehmen", "Unterricht",
    "Urlaub",       "Verband",     "Verbindung",   "Verbrauch",     "Verein",      "Verfahren",
    "Verkauf",      "Verkäufer",   "Verkehr",      "Verlust",       "Vermieter",   "Versand",
    "Versicherung", "Version",     "Verspätung",   "Vertrag",       "Vertreter",   "Vertrieb",
    "Verwaltung",   "Video",       "Vorgang",      "Vorschlag",     "Vorstand",    "Wagen",
    "Wahl",         "Ware",        "Wartung",      "Wasser",        "Wechsel",     "Weg",
    "Werbung",      "Werk",        "Werkstatt",    "Wert",          "Wetter",      "Wirtschaft",
    "Woche",        "Wohnung",     "Wunsch",       "Zahl",          "Zahlung",     "Zähler",
    "Zeichen",      "Zeit",        "Zeitung",      "Zentrale",      "Zentrum",     "Zeugnis",
    "Ziel",         "Zimmer",      "Zins",         "Zone",          "Zubehör",     "Zug",
    "Zugang",       "Zusage",      "Zustellung",   "Zuzahlung",
};

/* How a German first part is joined to the next: longest first. */
static const char *const joints[] = {"ens", "es", "en", "er", "s", "n", "e", ""};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct arena heads_arena; /* lives as long as the process */
static struct map heads;         /* noun without umlauts -> its stem, a struct str */

static void build(void)
{
    char w[STEM_WORD_MAX];
    arena_init(&heads_arena);
    map_init(&heads, &heads_arena);
    for (size_t i = 0; i < sizeof nouns / sizeof nouns[0]; i++) {
        struct str folded = text_fold(&heads_arena, str_z(nouns[i]));
        struct str *stem = ARENA_NEW(&heads_arena, struct str);
        *stem = arena_str(&heads_arena, stem_word(STEM_DE, folded, w));
        map_set(&heads, arena_str(&heads_arena, stem_bare(folded, w)), stem);
    }
}

static struct str stem_part(struct arena *a, struct str part)
{
    char w[STEM_WORD_MAX];
    return arena_str(a, stem_word(STEM_DE, part, w));
}

/* The first part without what joins it, and only when the rest of it is a word that is long enough.
 */
static struct str without_joint(struct str part)
{
    static const char *const safe[] = {"ungs", "heits", "keits", "schafts", "tions",
                                       "täts", "tats",  "ings",  "ums",     NULL};
    for (size_t i = 0; safe[i]; i++)
        if (str_ends(part, str_z(safe[i])))
            return str_sub(part, 0, part.n - 1);
    for (size_t i = 0; joints[i][0]; i++) {
        struct str joint = str_z(joints[i]);
        if (str_ends(part, joint) && part.n > joint.n &&
            map_get(&heads, str_sub(part, 0, part.n - joint.n)))
            return str_sub(part, 0, part.n - joint.n);
    }
    return str_ends(part, STR("s")) && part.n > PART_MIN + 1 && !str_ends(part, STR("ss"))
               ? str_sub(part, 0, part.n - 1)
               : part;
}

static size_t split(struct arena *a, struct str word, struct str *parts, size_t room);

/* A first part that is long may be a compound too; it counts whole and in parts. */
static size_t add_front(struct arena *a, struct str front, struct str *parts, size_t room)
{
    struct str word = map_get(&heads, front) ? front : without_joint(front);
    parts[0] = stem_part(a, word);
    if (room > 2 && word.n >= INNER_MIN && !map_get(&heads, word))
        return 1 + split(a, word, parts + 1, room - 2);
    return 1;
}

static size_t longest(struct str word)
{
    return word.n < HEAD_MAX + PART_MIN ? word.n - PART_MIN : HEAD_MAX;
}

/* At a known end; 0 when there is none. */
static size_t split_end(struct arena *a, struct str word, struct str *parts, size_t room)
{
    for (size_t n = longest(word); n >= HEAD_MIN; n--) {
        const struct str *head = map_get(&heads, str_sub(word, word.n - n, word.n));
        if (!head)
            continue;
        size_t used = add_front(a, str_sub(word, 0, word.n - n), parts, room - 1);
        parts[used] = *head;
        return used + 1;
    }
    return 0;
}

/* Behind a known start. */
static size_t split_start(struct arena *a, struct str word, struct str *parts)
{
    for (size_t n = longest(word); n > HEAD_MIN; n--) {
        const struct str *head = map_get(&heads, str_sub(word, 0, n));
        struct str rest = str_sub(word, n, word.n);
        for (size_t i = 0; head && i < sizeof joints / sizeof joints[0]; i++) {
            struct str joint = str_z(joints[i]);
            if (!str_starts(rest, joint) || rest.n < joint.n + PART_MIN + 1)
                continue;
            parts[0] = *head;
            parts[1] = stem_part(a, str_sub(rest, joint.n, rest.n));
            return 2;
        }
    }
    return 0;
}

/* The word has no umlauts any more, so that "stände" ends like "stand". */
static size_t split(struct arena *a, struct str word, struct str *parts, size_t room)
{
    static const char *const endings[] = {"", "e", "n", "s", "en", "er", "es", "ern", "nen"};
    if (room < 2 || word.n < HEAD_MIN + PART_MIN)
        return 0;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        struct str ending = str_z(endings[i]);
        struct str bare = str_sub(word, 0, word.n - ending.n);
        size_t n = str_ends(word, ending) && bare.n >= HEAD_MIN + PART_MIN
                       ? split_end(a, bare, parts, room)
                       : 0;
        if (n)
            return n;
    }
    return split_start(a, word, parts);
}

size_t compound_parts(struct arena *a, struct str word, struct str *parts)
{
    if (word.n < WHOLE_MIN || word.n > STEM_WORD_MAX)
        return 0;
    pthread_once(&once, build);
    char w[STEM_WORD_MAX];
    return split(a, arena_str(a, stem_bare(word, w)), parts, COMPOUND_PARTS_MAX);
}
