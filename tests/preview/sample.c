/* sample.c - see sample.h. The brand Nordwerk and all people are invented. */
#include "sample.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))
#define FACE(who, drawing, doing)                                                                  \
    {                                                                                              \
        .name = STR(who), .drawn = STR(drawing), .presence = STR(doing)                            \
    }
#define CHANNEL(i, w)                                                                              \
    {                                                                                              \
        .id = STR(i), .word = STR(w)                                                               \
    }

static const struct entry_view views[] = {
    {STR("/desk"), STR("Wartet auf uns"), STR("inbox"), STR("23"), false, true, STR("w")},
    {STR("/desk?view=mine"), STR("Bei mir"), STR("user"), STR("4"), false, false, STR("m")},
    {STR("/desk?view=snoozed"), STR("Zurückgestellt"), STR("snooze"), STR("6"), false, false,
     STR("s")},
    {STR("/desk?view=all"), STR("Alle offenen"), STR("all"), STR("58"), false, false, STR("a")},
};
static const struct entry_view teams[] = {
    {STR("/desk?team=1"), STR("Netz und Störung"), STR("team"), STR("9"), false, false, STR_NONE},
    {STR("/desk?team=2"), STR("Rechnung"), STR("team"), STR("7"), false, false, STR_NONE},
    {STR("/desk?team=3"), STR("Vertrag und Umzug"), STR("team"), STR("5"), false, false, STR_NONE},
};
static const struct entry_view overview[] = {
    {STR("/desk/channels"), STR("Kanäle"), STR("pulse"), STR("1 still"), true, false, STR_NONE},
    {STR("/desk/settings"), STR("Einstellungen"), STR("settings"), STR_NONE, false, false,
     STR_NONE},
};
static const struct face_view duty[] = {
    FACE("Aylin Brandt", "aylin", ""),
    FACE("Jonas Feddersen", "jonas", ""),
    FACE("Merle Claasen", "merle", ""),
    FACE("Tarek Osman", "tarek", ""),
};
static const struct brand_choice_view brands[] = {{2, STR("Nordwerk Mobil")}};

struct rail_view sample_rail(void)
{
    return (struct rail_view){.brand = STR("Nordwerk"),
                              .line = STR("Strom, Gas, Glasfaser"),
                              .brands = brands,
                              .brands_n = LEN(brands),
                              .views = views,
                              .views_n = LEN(views),
                              .teams = teams,
                              .teams_n = LEN(teams),
                              .overview = overview,
                              .overview_n = LEN(overview),
                              .duty = duty,
                              .duty_n = LEN(duty),
                              .duty_until = STR("bis 14 Uhr"),
                              .me = duty[0],
                              .name = STR("Aylin Brandt"),
                              .signs = STR("zeichnet ^AB")};
}

#define CLOCK(t, s, l)                                                                             \
    {                                                                                              \
        .text = STR(t), .state = STR(s), .left = (l), .said = STR("Frist:")                        \
    }

static const struct case_row_view unsent[] = {
    {.id = 1,
     .href = STR("/desk/case/1"),
     .channel = CHANNEL("mastodon", "Mastodon"),
     .person = STR("Ihre Antwort an Wiebke Carstens"),
     .clock = CLOCK("6 min", "late", 100),
     .line = STR("Der Server hat nicht bestätigt. Vielleicht kam sie an, vielleicht nicht."),
     .unsent = true,
     .why = STR("Nachsehen, dann neu senden oder abhaken"),
     .on = FACE("Aylin Brandt", "aylin", "")},
};
static const struct case_row_view overdue[] = {
    {.id = 2,
     .href = STR("/desk/case/2"),
     .channel = CHANNEL("instagram", "Instagram"),
     .person = STR("Carla Nissen"),
     .handle = STR("unter „Wir bauen aus“"),
     .clock = CLOCK("−12 min", "late", 100),
     .line = STR("Warum antwortet ihr eigentlich nur denen, die laut werden?"),
     .kind = {STR("complaint"), STR("Beschwerde")},
     .why = STR("fragt zum zweiten Mal, 14 stimmen zu")},
    {.id = 3,
     .href = STR("/desk/case/3"),
     .channel = CHANNEL("facebook", "Facebook"),
     .person = STR("Familie Brodersen"),
     .handle = STR("Nachricht"),
     .clock = CLOCK("−4 min", "late", 100),
     .line = STR("Jetzt wurde der Technikertermin zum dritten Mal verschoben. Ich nehme mir jedes "
                 "Mal Urlaub."),
     .kind = {STR("complaint"), STR("Beschwerde")},
     .why = STR("dritter Termin, Kundin seit 2009"),
     .team = STR("Netz"),
     .on = FACE("Tarek Osman schreibt", "tarek", "writing")},
};
static const struct case_row_view soon[] = {
    {.id = 4,
     .href = STR("/desk/case/4"),
     .channel = CHANNEL("mastodon", "Mastodon"),
     .person = STR("Hauke Petersen"),
     .handle = STR("@hauke@norden.social"),
     .clock = CLOCK("18 min", "soon", 30),
     .chosen = true,
     .line = STR(
         "Jetzt die dritte Mahnung, obwohl ich am 3. November gezahlt habe. Und seit gestern ist"),
     .kind = {STR("complaint"), STR("Beschwerde")},
     .why = STR("dritte Mahnung, droht zu kündigen"),
     .on = FACE("Aylin Brandt", "aylin", "")},
    {.id = 5,
     .href = STR("/desk/case/5"),
     .channel = CHANNEL("whatsapp", "WhatsApp"),
     .person = STR("Derya Aksoy"),
     .clock = CLOCK("24 min", "soon", 40),
     .line = STR("Hallo, ich ziehe zum 1.12. nach Bredstedt. Kann ich Strom und Internet einfach "
                 "mitnehmen?"),
     .kind = {STR("question"), STR("Frage")},
     .why = STR("Antwortfenster schließt um 10:20"),
     .team = STR("Umzug")},
    {.id = 6,
     .href = STR("/desk/case/6"),
     .channel = CHANNEL("x", "X"),
     .person = STR("Tom Whitfield"),
     .handle = STR("@tomwhit"),
     .clock = CLOCK("31 min", "", 52),
     .language = STR("en"),
     .line = STR("Moved to Husum last week. Is there anyone at Nordwerk who can explain the fibre "
                 "contract?"),
     .kind = {STR("question"), STR("Frage")},
     .why = STR("bittet ausdrücklich, auf Englisch"),
     .team = STR("Vertrag"),
     .on = FACE("Jonas Feddersen liest", "jonas", "viewing")},
    {.id = 7,
     .href = STR("/desk/case/7"),
     .channel = CHANNEL("mail", "Mail"),
     .person = STR("Gemeindeverwaltung Friedrichskoog"),
     .handle = STR("Bauamt"),
     .clock = CLOCK("44 min", "", 73),
     .line = STR("Rückfrage zur Abschlagsrechnung der Straßenbeleuchtungsanlage"),
     .kind = {STR("question"), STR("Frage")},
     .why = STR("bittet um Rückruf vor der Sitzung heute"),
     .team = STR("Rechnung"),
     .on = FACE("Merle Claasen", "merle", "")},
    {.id = 8,
     .href = STR("/desk/case/8"),
     .channel = CHANNEL("bluesky", "Bluesky"),
     .person = STR("Lena Oltmanns"),
     .handle = STR("@lenao.example"),
     .clock = CLOCK("52 min", "", 87),
     .line = STR("Könnte die App nicht anzeigen, wo der Techniker gerade ist?"),
     .kind = {STR("idea"), STR("Idee")},
     .why = STR("zwölf andere wünschen dasselbe"),
     .team = STR("Community")},
};
static const struct case_row_view today[] = {
    {.id = 9,
     .href = STR("/desk/case/9"),
     .channel = CHANNEL("feed", "Feed"),
     .person = STR("Husumer Nachrichten"),
     .handle = STR("Wirtschaft"),
     .clock = CLOCK("1 Std 40 min", "calm", 92),
     .line = STR("Nordwerk will bis 2028 alle Dörfer ans Glasfasernetz bringen"),
     .kind = {STR("other"), STR("Sonstiges")},
     .why = STR("nennt uns in der Überschrift"),
     .team = STR("Netz"),
     .on = FACE("Bea Thomsen, in einem anderen Fenster", "bea", "away")},
    {.id = 10,
     .href = STR("/desk/case/10"),
     .channel = CHANNEL("mail", "Mail"),
     .person = STR("Jürgen Matzen"),
     .clock = CLOCK("3 Std 10 min", "calm", 95),
     .line = STR("Danke an den Kollegen, der am Sonntag noch rausgefahren ist"),
     .kind = {STR("praise"), STR("Lob")},
     .why = STR("nennt einen Kollegen beim Namen"),
     .team = STR("Netz")},
};
static const struct case_group_view groups[] = {
    {STR("Nicht zugestellt"), STR_NONE, 1, unsent, LEN(unsent)},
    {STR("Überfällig"), STR("late"), 2, overdue, LEN(overdue)},
    {STR("In der nächsten Stunde"), STR_NONE, 5, soon, LEN(soon)},
    {STR("Heute"), STR_NONE, 15, today, LEN(today)},
};
static const struct chip_view chips[] = {
    {STR("/desk"), STR("Alle"), STR_NONE, STR_NONE, true},
    {STR("/desk?kind=complaint"), STR("Beschwerden"), STR("complaint"), STR("8"), false},
    {STR("/desk?kind=question"), STR("Fragen"), STR("question"), STR("13"), false},
    {STR("/desk?on=nobody"), STR("Niemand dran"), STR_NONE, STR("14"), false},
};
static const struct toast_view toast = {STR("Antwort an Rike Janssen geht hinaus in"), 11,
                                        STR("/desk/message/3/recall"), 3};

struct case_list_view sample_list(void)
{
    return (struct case_list_view){.word = STR("Wartet auf uns"),
                                   .count = 23,
                                   .here = STR("/desk"),
                                   .chips = chips,
                                   .chips_n = LEN(chips),
                                   .order = STR("Fälle, nach Frist geordnet"),
                                   .fresh = 3,
                                   .groups = groups,
                                   .groups_n = LEN(groups),
                                   .toast = &toast};
}

struct case_list_view sample_list_empty(void)
{
    return (struct case_list_view){
        .word = STR("Wartet auf uns"),
        .here = STR("/desk"),
        .chips = chips,
        .chips_n = 1,
        .order = STR("Fälle"),
        .empty_title = STR("Niemand wartet."),
        .empty_text = STR("Sechs Fälle sind zurückgestellt, der nächste kommt um 11:40."),
        .empty_href = STR("/desk?view=snoozed"),
        .empty_word = STR("Zurückgestellte ansehen")};
}

static const struct fact_line_view facts[] = {
    {STR("Art"), STR("complaint"), STR("Beschwerde"), STR("96 %")},
    {STR("Reaktion"), STR_NONE, STR("nötig"), STR("98 %")},
    {STR("Bitte"), STR_NONE, STR("angedeutet"), STR("81 %")},
    {STR("Stimmung"), STR_NONE, STR("verärgert"), STR("93 %")},
};
static const struct post_facts_view post_facts = {facts, LEN(facts), true,
                                                  STR("/desk/post/14/correct")};
static const struct delivery_view sent = {.state = STR("sent"), .word = STR("zugestellt um 09:16")};
static const struct delivery_view unclear = {
    .state = STR("unclear"),
    .word = STR("Ungeklärt."),
    .thread = 4,
    .text = STR("Der Server hat nicht bestätigt. Sehen Sie auf dem Kanal nach, ob sie dort steht."),
    .again = STR("/desk/message/9/again"),
    .arrived = STR("/desk/message/9/arrived"),
    .drop = STR("/desk/message/9/drop")};
static const struct attachment_view files[] = {
    {STR("/desk/file/1"), STR("Beleg.pdf"), STR("PDF, 340 KB"), false}};
static const struct case_post_view posts[] = {
    {.id = 11,
     .way = STR("in"),
     .channel = CHANNEL("mail", "Mail"),
     .by = STR("Hauke Petersen"),
     .at = STR("Do 16:40"),
     .folded = true,
     .line = STR("Mahnung trotz Zahlung. Guten Tag, ich habe den Betrag am 3. November"),
     .body = {STR("<p>Guten Tag, ich habe den Betrag am 3. November überwiesen, Beleg anbei.</p>")},
     .attachments = files,
     .attachments_n = 1,
     .facts = &post_facts},
    {.id = 12,
     .way = STR("out"),
     .face = FACE("Jonas Feddersen", "jonas", ""),
     .by = STR("Jonas Feddersen"),
     .at = STR("Fr 09:15"),
     .folded = true,
     .line = STR("Danke für den Beleg. Wir prüfen das und melden uns. ^JF"),
     .body = {STR(
         "<p>Moin Herr Petersen, danke für den Beleg. Wir prüfen das und melden uns. ^JF</p>")},
     .delivery = &sent},
    {.id = 13,
     .way = STR("note"),
     .face = FACE("Merle Claasen", "merle", ""),
     .by = STR("Merle Claasen"),
     .about = STR("Notiz, nur intern"),
     .at = STR("08:50"),
     .body = {STR("<p>Zahlung ist am 4.11. eingegangen, der Mahnlauf war schneller. <b>@Aylin</b> "
                  "Mahnstopp ist "
                  "gesetzt, Gebühr storniert.</p>")}},
    {.id = 14,
     .way = STR("in"),
     .channel = CHANNEL("mastodon", "Mastodon"),
     .by = STR("Hauke Petersen"),
     .about = STR("öffentlich, 38-mal geteilt"),
     .at = STR("09:04"),
     .original = STR("https://norden.social/@hauke/1"),
     .host = STR("norden.social"),
     .body = {STR("<p>@nordwerk Jetzt die <mark class=\"why\" data-w=\"4\">dritte Mahnung</mark>, "
                  "obwohl ich am 3. November "
                  "<mark class=\"why\" data-w=\"1\">gezahlt habe</mark>. Und seit gestern ist in "
                  "der Deichstraße auch noch "
                  "das Internet weg. Wenn bis heute Abend <mark class=\"why\" data-w=\"2\">niemand "
                  "antwortet</mark>, "
                  "<mark class=\"why\" data-w=\"3\">kündige ich</mark>.</p>")},
     .quoted = {STR("<p>Am Freitag schrieb Nordwerk: …</p>")},
     .facts = &post_facts},
};
static const struct case_post_view posts_unclear[] = {
    {.id = 15,
     .way = STR("out"),
     .face = FACE("Aylin Brandt", "aylin", ""),
     .by = STR("Aylin Brandt"),
     .about = STR("öffentlich"),
     .at = STR("09:20"),
     .body = {STR("<p>Das klären wir heute noch. ^AB</p>")},
     .delivery = &unclear},
};
static const struct face_view readers[] = {FACE("Jonas Feddersen liest", "jonas", "viewing")};
static const struct case_notice_view notice = {
    STR("Für Sie freigehalten"),
    STR(", solange Sie schreiben. Jonas Feddersen liest mit."),
    readers,
    1,
    STR("/desk/case/4/assign"),
    STR("Übergeben")};
static const struct reply_way_view public_ways[] = {
    {STR("/desk/case/4?way=public"), STR("globe"), STR("Öffentlich"), STR_NONE, true},
    {STR("/desk/case/4?way=private"), STR("mail"), STR("Privat"), STR("per Mail"), false},
    {STR("/desk/case/4?way=note"), STR("note"), STR("Notiz"), STR_NONE, false},
};
static const struct reply_way_view note_ways[] = {
    {STR("/desk/case/4?way=public"), STR("globe"), STR("Öffentlich"), STR_NONE, false},
    {STR("/desk/case/4?way=private"), STR("mail"), STR("Privat"), STR("per Mail"), false},
    {STR("/desk/case/4?way=note"), STR("note"), STR("Notiz"), STR_NONE, true},
};
static const struct macro_view macros[] = {
    {1, STR("Mahnung zurückgenommen"), STR("Die Mahnung ist zurückgenommen.")}};
static const struct case_event_view events[] = {
    {STR("09:04"), STR("2026-11-22T09:04"), STR("Zuruf"),
     STR("gab den Fall an Rechnung: die Mahnung ist genannt")},
    {STR("09:10"), STR("2026-11-22T09:10"), STR("Aylin Brandt"), STR("hat den Fall genommen")},
};
static const struct person_account_view accounts[] = {
    {CHANNEL("mastodon", "Mastodon"), STR("@hauke@norden.social"), STR("seit März, 12 Beiträge"),
     STR("https://norden.social/@hauke")},
    {CHANNEL("mail", "Mail"), STR("hauke@example.org"), STR("3 Mails"), STR_NONE},
};
static const struct person_case_view earlier[] = {
    {STR("/desk/case/3"), STR("Zählerstand nachgetragen"), STR("geschlossen"), STR("12. Aug.")}};
static const struct case_person_view person = {STR("Hauke Petersen"), accounts, LEN(accounts),
                                               earlier, 1};

struct case_pane_view sample_pane(const char *tab, const char *way, bool focus)
{
    static struct reply_box_view box;
    bool note = str_eq_z(str_z(way), "note");
    bool trouble = str_eq_z(str_z(tab), "unclear");
    box = (struct reply_box_view){
        .action = STR("/desk/case/4/reply"),
        .draft_to = STR("/desk/case/4/draft"),
        .back = STR("/desk/case/4"),
        .way = str_z(way),
        .ways = note ? note_ways : public_ways,
        .ways_n = 3,
        .macros = macros,
        .macros_n = 1,
        .to_line = STR("Jetzt die dritte Mahnung, obwohl ich am 3. November …"),
        .label = STR("Ihre Antwort, öffentlich auf Mastodon"),
        .to = STR("@hauke@norden.social"),
        .signs = STR("^AB"),
        .limit = note ? 0 : 500,
        .left = 237,
        .focus = focus,
        .limit_word = STR("Zeichen bei Mastodon, höchstens 500"),
        .saved = STR("gespeichert 09:32"),
        .draft =
            note ? STR("")
                 : STR("Moin Herr Petersen, das ist unser Fehler: Ihre Zahlung ist da, der "
                       "Mahnlauf war schneller. Die "
                       "Mahnung ist zurückgenommen, Sie zahlen keine Gebühr. In der Deichstraße "
                       "hat ein Bagger das Kabel "
                       "erwischt; bis 18 Uhr sind Sie wieder am Netz. Ich melde mich dann hier.")};
    return (struct case_pane_view){.id = 4,
                                   .version = 7,
                                   .href = STR("/desk/case/4"),
                                   .list = STR("/desk"),
                                   .where = STR("Fall 4812 · Rechnung · zwei Kanäle, eine Person"),
                                   .title = STR("Dritte Mahnung trotz Zahlung"),
                                   .clock = CLOCK("18 min", "soon", 30),
                                   .due = STR("bis zur zugesagten Antwort, 09:52"),
                                   .state = STR("waiting"),
                                   .mine = true,
                                   .on = FACE("Aylin Brandt", "aylin", ""),
                                   .can_answer = true,
                                   .notice = &notice,
                                   .tab = trouble ? STR("thread") : str_z(tab),
                                   .count = 4,
                                   .posts = trouble ? posts_unclear : posts,
                                   .posts_n = trouble ? LEN(posts_unclear) : LEN(posts),
                                   .person = &person,
                                   .events = events,
                                   .events_n = LEN(events),
                                   .reply = &box};
}

/* ---- settings ---- */

static const struct entry_view tabs[] = {
    {STR("/desk/channels"), STR("Kanäle"), STR_NONE, STR_NONE, false, false, STR_NONE},
    {STR("/desk/routing"), STR("Verteilung"), STR_NONE, STR_NONE, false, true, STR_NONE},
    {STR("/desk/teams"), STR("Teams"), STR_NONE, STR_NONE, false, false, STR_NONE},
    {STR("/desk/calendar"), STR("Zeiten und Ziele"), STR_NONE, STR_NONE, false, false, STR_NONE},
    {STR("/desk/agents"), STR("Personen"), STR_NONE, STR_NONE, false, false, STR_NONE},
    {STR("/desk/brand"), STR("Marke"), STR_NONE, STR_NONE, false, false, STR_NONE},
    {STR("/desk/audit"), STR("Protokoll"), STR_NONE, STR_NONE, false, false, STR_NONE},
};

struct sheet_view sample_sheet(struct layout_view layout, const char *title, const char *intro)
{
    layout.title = str_z(title);
    return (struct sheet_view){.layout = layout,
                               .rail = sample_rail(),
                               .title = str_z(title),
                               .intro = str_z(intro),
                               .tabs = tabs,
                               .tabs_n = LEN(tabs)};
}

struct dialog_view sample_dialog(void)
{
    static const struct dialog_choice_view choices[] = {
        {STR("agent"), STR("1"), STR("Aylin Brandt"), STR("im Dienst, 4 Fälle"), &duty[0], true},
        {STR("agent"), STR("2"), STR("Jonas Feddersen"), STR("im Dienst, 2 Fälle"), &duty[1],
         false},
        {STR("agent"), STR("3"), STR("Merle Claasen"), STR("kommt um 12 Uhr"), &duty[2], false},
        {STR("agent"), STR("team:2"), STR("Team Rechnung"), STR("7 warten"), NULL, false},
    };
    return (struct dialog_view){.title = STR("Fall 4812 übergeben"),
                                .intro = STR("Wer ihn bekommt, sieht ihn unter „Bei mir“."),
                                .action = STR("/desk/case/4/assign"),
                                .choices = choices,
                                .choices_n = LEN(choices),
                                .submit = STR("Übergeben"),
                                .back = STR("/desk/case/4")};
}

struct form_page sample_form(struct layout_view layout)
{
    static const struct option_view options[] = {{STR("60"), STR("jede Minute"), false},
                                                 {STR("300"), STR("alle fünf Minuten"), true}};
    static const struct field_view fields[] = {
        {.name = STR("name"),
         .type = STR("text"),
         .label = STR("Name des Kanals"),
         .hint = STR("So steht er in der Liste."),
         .value = STR("Mastodon, Nordwerk"),
         .needed = true},
        {.name = STR("server"),
         .type = STR("text"),
         .label = STR("Adresse des Servers"),
         .value = STR("norden.socail"),
         .needed = true,
         .error = STR("Unter dieser Adresse antwortet niemand. Ohne sie hört der Kanal nichts. "
                      "Prüfen Sie die Schreibweise.")},
        {.name = STR("every"),
         .type = STR("choice"),
         .label = STR("Nachsehen"),
         .options = options,
         .options_n = 2,
         .needed = true},
        {.name = STR("token"),
         .type = STR("secret"),
         .label = STR("Zugangsschlüssel"),
         .value = STR("x"),
         .needed = true},
        {.name = STR("words"),
         .type = STR("lines"),
         .label = STR("Worte"),
         .hint = STR("Eines je Zeile."),
         .value = STR("Nordwerk\nNordwerk Netz")},
        {.name = STR("reply"),
         .type = STR("check"),
         .label = STR("Über diesen Kanal antworten"),
         .chosen = true},
    };
    static const struct form_section_view sections[] = {
        {STR("Konto"), STR_NONE, fields, LEN(fields)}};
    static const struct form_once_view once = {
        STR("Schlüssel für die Schnittstelle"), STR("zf_4kq2w8m1x9a7c3"),
        STR("Er wird nur dieses eine Mal gezeigt. Bewahren Sie ihn sicher auf.")};
    static const struct form_action_view actions[] = {
        {STR("/desk/channels/1/test"), STR("Jetzt ausprobieren"),
         STR("Sieht einmal nach und zeigt, was kam."), STR("play"), false},
        {STR("/desk/channels/1/delete"), STR("Konto löschen"), STR("Was gehört wurde, bleibt."),
         STR("delete"), true},
    };
    static const struct str columns[] = {STR("Zeit"), STR("Was"), STR("Ergebnis")};
    static const struct table_cell_view cells[] = {{STR("09:20"), STR_NONE, STR_NONE},
                                                   {STR("nachgesehen"), STR_NONE, STR_NONE},
                                                   {STR("3 neue"), STR_NONE, STR("done")}};
    static const struct table_row_view rows[] = {{cells, 3}};
    static const struct table_view tables[] = {
        {STR("Protokoll"), STR_NONE, columns, 3, rows, 1, STR_NONE}};
    struct form_page p = {.sheet = sample_sheet(layout, "Mastodon, Nordwerk", NULL),
                          .once = &once,
                          .action = STR("/desk/channels/1"),
                          .sections = sections,
                          .sections_n = 1,
                          .submit = STR("Speichern"),
                          .back = STR("/desk/channels"),
                          .actions = actions,
                          .actions_n = 2,
                          .tables = tables,
                          .tables_n = 1};
    p.sheet.error = STR("Ein Feld stimmt noch nicht. Es wurde nichts gespeichert.");
    return p;
}

struct channels_page sample_channels(struct layout_view layout)
{
    static const struct channel_row_view rows[] = {
        {STR("/desk/channels/1"), CHANNEL("mastodon", "Mastodon"), STR("Mastodon, Nordwerk"),
         STR("@nordwerk@norden.social"), STR("done"), STR("hört zu"), STR("vor 2 min"), 214},
        {STR("/desk/channels/2"), CHANNEL("mail", "Mail"), STR("Post"),
         STR("moin@nordwerk.example"), STR("late"), STR("still seit 06:10"), STR("06:10"), 3},
        {STR("/desk/channels/3"), CHANNEL("feed", "Feed"), STR("Husumer Nachrichten"), STR_NONE,
         STR_NONE, STR("angehalten"), STR("gestern"), 0},
    };
    static const struct channel_type_view types[] = {
        {STR("feed"), STR("Feed"), STR("Liest RSS und Atom: Blogs, Zeitungen, Foren.")},
        {STR("mail"), STR("Mail"), STR("Hört ein Postfach ab und antwortet daraus.")},
        {STR("mastodon"), STR("Mastodon"), STR("Erwähnungen und Antworten.")},
        {STR("api"), STR("Schnittstelle"), STR("Andere Programme geben Beiträge herein.")},
    };
    static const struct form_action_view ways[] = {
        {STR("/desk/channels/2/fetch"), STR("Jetzt abrufen"), STR_NONE, STR("resend"), false},
        {STR("/desk/channels/2/fine/day"), STR("In Ordnung bis morgen"), STR_NONE, STR("check"),
         false}};
    static const struct alarm_view alarms[] = {
        {.href = STR("/desk/channels/2"),
         .name = STR("Post"),
         .title = STR("Seit 3 Std 10 min still"),
         .detail = STR("Um diese Zeit kommt sonst etwa alle 12 min ein Beitrag. Zuletzt kam einer "
                       "06:10."),
         .todo = STR("Rufen Sie jetzt ab, und sehen Sie auf dem Kanal selbst nach."),
         .actions = ways,
         .actions_n = LEN(ways)},
        {.href = STR("/desk/channels/3"),
         .name = STR("Husumer Nachrichten"),
         .title = STR("Nicht erreichbar"),
         .detail = STR("Der Server antwortet mit Status 502."),
         .todo = STR("Es wird von selbst wieder versucht."),
         .fine = STR("Bekannt. Kein Alarm bis morgen 09:00.")}};
    return (struct channels_page){
        .sheet = sample_sheet(layout, "Kanäle", "Was gehört wird und worüber geantwortet wird."),
        .alarms = {.list = alarms, .list_n = LEN(alarms)},
        .accounts = {.rows = rows, .rows_n = LEN(rows)},
        .types = types,
        .types_n = LEN(types)};
}

struct routing_page sample_routing(struct layout_view layout)
{
    static const struct rule_row_view rules[] = {
        {1, 1, STR("Art ist Beschwerde und der Text enthält „Mahnung“"),
         STR("Team Rechnung, Vorrang hoch"), STR("41 der letzten 1.000 Beiträge"), false, true,
         false},
        {2, 2, STR("Der Text enthält „Störung“, „Ausfall“ oder „Internet weg“"),
         STR("Team Netz und Störung"), STR_NONE, true, false, true},
    };
    return (struct routing_page){
        sample_sheet(layout, "Verteilung", "Die erste Regel, die passt, entscheidet."), rules,
        LEN(rules), STR("Team Community"), true};
}

struct search_page sample_search(struct layout_view layout)
{
    static const struct hit_view hits[] = {
        {STR("/desk/case/4"),
         STR("Dritte Mahnung trotz Zahlung"),
         {STR("Jetzt die dritte <mark>Mahnung</mark>, obwohl ich am 3. November …")},
         STR("Hauke Petersen"),
         CHANNEL("mastodon", "Mastodon"),
         {STR("complaint"), STR("Beschwerde")},
         STR("09:04"),
         STR("wartet")},
        {STR("/desk/case/3"),
         STR("Mahngebühr"),
         {STR("Warum kostet eine <mark>Mahnung</mark> fünf Euro?")},
         STR("Inken Thiesen"),
         CHANNEL("mail", "Mail"),
         {STR("question"), STR("Frage")},
         STR("12. Nov."),
         STR("geschlossen")},
    };
    struct search_page p = {.sheet = sample_sheet(layout, "Suche", NULL),
                            .query = STR("Mahnung"),
                            .found = STR("2 gefunden"),
                            .hits = hits,
                            .hits_n = 2};
    p.sheet.tabs_n = 0;
    return p;
}

struct lists_page sample_lists(struct layout_view layout)
{
    static const struct str columns[] = {STR("Name"), STR("Rolle"), STR("Teams"),
                                         STR("Zuletzt hier")};
    static const struct table_cell_view a[] = {
        {STR("Aylin Brandt"), STR("/desk/agents/1"), STR_NONE},
        {STR("Agentin"), STR_NONE, STR_NONE},
        {STR("Rechnung, Umzug"), STR_NONE, STR_NONE},
        {STR("09:32"), STR_NONE, STR_NONE}};
    static const struct table_cell_view b[] = {
        {STR("Ole Matthiesen"), STR("/desk/agents/2"), STR_NONE},
        {STR("Leitung"), STR_NONE, STR_NONE},
        {STR("alle"), STR_NONE, STR_NONE},
        {STR("gesperrt"), STR_NONE, STR("late")}};
    static const struct table_row_view rows[] = {{a, 4}, {b, 4}};
    static const struct table_view tables[] = {
        {.columns = columns, .columns_n = 4, .rows = rows, .rows_n = 2}};
    return (struct lists_page){.sheet = sample_sheet(layout, "Personen", NULL),
                               .tables = tables,
                               .tables_n = 1,
                               .add = STR("/desk/agents/new"),
                               .add_word = STR("Person hinzufügen")};
}
