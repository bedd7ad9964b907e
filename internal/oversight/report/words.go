package report

import (
	"strconv"
	"strings"
	"time"

	"sluis/internal/ledger"
	"sluis/internal/oversight/totals"
	"sluis/rules"
)

// words says things in one language.
type words struct{ lang string }

func (w words) t(nl, en string) string {
	if w.lang == "en" {
		return en
	}
	return nl
}

func (w words) day(t time.Time) string {
	return t.Local().Format(w.t("02-01-2006", "2 Jan 2006"))
}

// number writes a number with the signs of the language.
func (w words) number(v float64) string {
	s := strconv.FormatFloat(v, 'f', -1, 64)
	if w.lang == "en" {
		return s
	}
	return strings.ReplaceAll(s, ".", ",")
}

// grouped writes a whole number in groups of three.
func (w words) grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + w.t(".", ",") + s[i:]
	}
	return s
}

func (w words) purpose(p rules.Purpose) string {
	switch p {
	case rules.Security:
		return w.t("veiligheid", "security")
	case rules.Conduct:
		return w.t("gedrag", "conduct")
	case rules.Leak:
		return w.t("lekken", "leaks")
	}
	return p.String()
}

var roleNames = map[string][2]string{
	"ict": {"ICT-dienst", "ICT service"}, "board": {"bestuur", "board"}, "legal": {"juridische zaken", "legal affairs"}, "privacy": {"privacyfunctionaris", "privacy officer"},
	"employee": {"medewerker", "employee"}, "admin": {"beheerder", "administrator"}, "command line": {"beheerder van de machine", "administrator of the machine"}, "-": {"Sluis zelf", "Sluis itself"},
}

func (w words) role(r string) string {
	if n, ok := roleNames[r]; ok {
		return w.t(n[0], n[1])
	}
	return r
}

var actNames = map[ledger.Kind][2]string{
	ledger.QuarantineOpened: {"bericht geopend", "message opened"}, ledger.QuarantineRevealed: {"gegeven getoond", "identifier shown"}, ledger.QuarantineReleased: {"bericht vrijgegeven", "message released"},
	ledger.QuarantineConfirmed: {"bevestigd", "confirmed"}, ledger.QuarantineWrong: {"oordeel was onjuist", "verdict was wrong"}, ledger.QuarantineDeleted: {"bericht vernietigd", "message destroyed"},
	ledger.OrderRequested: {"opdracht gevraagd", "order requested"}, ledger.OrderAdvised: {"advies over opdracht", "advice on an order"}, ledger.OrderDecided: {"besluit over opdracht", "decision on an order"},
	ledger.OrderUsed: {"opdracht gebruikt", "order used"}, ledger.OrderWithdrawn: {"opdracht ingetrokken", "order withdrawn"}, ledger.OrderCompleted: {"opdracht afgerond", "order completed"},
	ledger.AccessGiven: {"inzage gegeven", "insight given"}, ledger.BreachOpened: {"dossier datalek geopend", "breach file opened"}, ledger.BreachClosed: {"dossier datalek gesloten", "breach file closed"},
	ledger.PayloadErased: {"tekst in logboek gewist", "text in the ledger erased"}, ledger.ExportMade: {"gegevens uitgevoerd", "data exported"},
	ledger.SamplingRate: {"aandeel van de steekproef", "rate of the sample"}, ledger.SamplingSeed: {"worp van het bestuur voor de steekproef", "dice of the board for the sample"}, ledger.RetentionChanged: {"bewaartermijn", "retention"},
	ledger.ExceptionChanged: {"uitzondering op een regel", "exception to a rule"}, ledger.PeopleImported: {"lijst met persoonsgegevens ingelezen", "list of personal data read"}, ledger.PeopleRemoved: {"lijst met persoonsgegevens verwijderd", "list of personal data removed"},
}

func (w words) act(k ledger.Kind) string {
	if n, ok := actNames[k]; ok {
		return w.t(n[0], n[1])
	}
	return string(k)
}

var tableNames = map[string][2]string{
	totals.Volume: {"Verkeer per soort", "Traffic by kind"}, totals.Groups: {"Verkeer per groep", "Traffic by group"}, totals.Parts: {"Verkeer per deel van de maand", "Traffic by part of the month"},
	totals.Decisions: {"Besluiten", "Decisions"}, totals.Sample: {"Steekproef", "Sample"}, totals.Categories: {"Gevonden, per onderwerp", "Found, by subject"}, totals.Clauses: {"Gevonden, per artikel", "Found, by clause"},
	totals.Threats: {"Dreigingen van buiten", "Threats from outside"}, totals.Reviewed: {"Wat er van apart gezette berichten werd", "What became of messages set aside"}, totals.Capacity: {"Capaciteit", "Capacity"},
}

func (w words) table(name string) string {
	n := tableNames[name]
	return w.t(n[0], n[1])
}

// categoryNames are those of Dutch; in English a category says itself what it is.
var categoryNames = map[string]string{
	"malware": "kwaadaardige software", "phishing": "phishing", "attachment": "gevaarlijke bijlagen", "pornography": "pornografie", "intimidation": "seksuele intimidatie",
	"racism": "racisme", "discrimination": "discriminatie", "insult": "belediging", "threat": "bedreiging", "incitement": "opruiing", "credentials": "wachtwoorden en sleutels",
	"identity": "identiteitsgegevens", "financial": "financiële gegevens", "personal": "persoonsgegevens", "care": "zorggegevens", "confidential": "vertrouwelijke stukken",
	"file-sharing": "bestanden delen", "hate": "haat", "gambling": "gokken", "illegal-download": "illegaal downloaden", "bypass": "omzeilen van het filter", "own-code": "eigen regels",
}

func (w words) category(c string) string {
	if nl, ok := categoryNames[c]; ok {
		return w.t(nl, strings.ReplaceAll(c, "-", " "))
	}
	return c
}

func (w words) measure(m string) string {
	switch m {
	case totals.Records:
		return w.t("aantal", "number")
	case totals.Bytes:
		return w.t("omvang", "size")
	case "hours":
		return w.t("uren", "hours")
	}
	return m
}

var rowNames = map[string][2]string{
	"total": {"totaal", "total"}, "other": {"overig", "other"}, "mail-in": {"mail van buiten", "mail from outside"}, "mail-out": {"mail naar buiten", "mail to outside"}, "mail-internal": {"interne mail", "internal mail"},
	"web": {"internet", "web"}, "pass": {"doorgelaten", "passed"}, "tag": {"gemerkt", "tagged"}, "quarantine": {"apart gezet", "set aside"}, "reject": {"geweigerd", "refused"},
	"drawn": {"geloot", "drawn"}, "not-drawn": {"niet geloot", "not drawn"}, "not-eligible": {"deed niet mee", "took no part"}, "security-only": {"alleen veiligheid", "security only"},
	"1": {"dag 1-7", "days 1-7"}, "2": {"dag 8-14", "days 8-14"}, "3": {"dag 15-21", "days 15-21"}, "4": {"vanaf dag 22", "from day 22"},
	"month": {"hele periode", "whole period"}, "peak-hour": {"drukste uur", "busiest hour"}, "stored": {"opgeslagen", "stored"}, "median-hours": {"middelste tijd tot besluit", "median time to a decision"},
	"opened": {"geopend", "opened"}, "released": {"vrijgegeven", "released"}, "kept": {"gehouden", "kept"}, "confirmed": {"bevestigd", "confirmed"}, "wrong": {"onjuist oordeel", "wrong verdict"}, "deleted": {"vernietigd", "destroyed"}, "expired": {"verlopen", "expired"},
}

func (w words) row(name string) string {
	if n, ok := rowNames[name]; ok {
		return w.t(n[0], n[1])
	}
	return w.category(name)
}

// figure writes a figure, or why there is none.
func (w words) figure(f totals.Figure, there bool, measure string) string {
	switch {
	case !there:
		return ""
	case f.Hidden == totals.Few:
		return w.t("minder dan 10", "fewer than 10")
	case f.Hidden != totals.Shown:
		return w.t("niet getoond", "not shown")
	case measure == totals.Bytes:
		return w.grouped(f.Value/1_000_000) + " MB"
	}
	return w.grouped(f.Value)
}
