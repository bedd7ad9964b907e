package notice

import (
	"fmt"
	"strings"
	"time"
)

// Language is nl or en.
type Language string

func (l Language) pick(nl, en string) string {
	if l == "en" {
		return en
	}
	return nl
}

// Checkpoint is the notice that makes its readers witnesses of the ledger.
func Checkpoint(l Language, organisation string, signed []byte) Message {
	return Message{
		Subject: l.pick("Bewaar dit bericht: de stand van het logboek van Sluis", "Keep this message: the state of Sluis's ledger"),
		Text: fmt.Sprintf(l.pick(`Dit is de ondertekende stand van het logboek van %s. Daarin staat alles wat mensen
en het systeem met de controle op mail en internet hebben gedaan.

Wie dit bericht bewaart, is getuige: niemand kan daarna nog iets uit het logboek
weghalen of veranderen zonder dat het blijkt. Controleren gaat zo: bewaar de regels
hieronder in een bestand, vraag de ICT-dienst om een export van het logboek, en geef
op een computer naar keuze de opdracht

    sluis ledger verify EXPORT --checkpoint BESTAND

%s`, `This is the signed state of the ledger of %s. It has everything that people
and the system did with the control of mail and web traffic.

Whoever keeps this message is a witness: from now on nobody can take anything out of the
ledger, or change it, without that being found. To check: keep the lines below in a
file, ask the ICT service for an export of the ledger, and run, on any computer,

    sluis ledger verify EXPORT --checkpoint FILE

%s`), organisation, signed),
	}
}

// Digest has how much waits for review: counts, and links to the pages of the console at an
// address; without one there are none.
func Digest(l Language, waiting, oldDays, failed, appeals int, console string) Message {
	var text strings.Builder
	for _, line := range []struct{ says, page string }{
		{fmt.Sprintf(l.pick("Er wachten %d berichten op beoordeling; het oudste %d dagen.", "%d messages wait for review; the oldest for %d days."), waiting, oldDays), "/quarantine"},
		{fmt.Sprintf(l.pick("%d vrijgegeven berichten konden niet worden bezorgd.", "%d released messages could not be delivered."), failed), "/quarantine?state=failed"},
		{fmt.Sprintf(l.pick("%d verzoeken om een geblokkeerde site te beoordelen staan open.", "%d requests to look at a blocked site are open."), appeals), "/appeals"},
	} {
		text.WriteString(line.says + "\n")
		if console != "" {
			text.WriteString("    " + console + line.page + "\n")
		}
	}
	return Message{Subject: l.pick("Sluis: wat op beoordeling wacht", "Sluis: what waits for review"), Text: text.String()}
}

// Breach says that a breach file was opened, and until when it has to be reported (C2.12a).
func Breach(l Language, id string, until time.Time) Message {
	return Message{
		Subject: fmt.Sprintf(l.pick("Mogelijk datalek: dossier %s", "Possible data breach: file %s"), id),
		Text: fmt.Sprintf(l.pick(`De ICT-dienst heeft vastgesteld dat er een datalek kan zijn, en dossier %s geopend.

Als het een datalek is dat gemeld moet worden, moet de melding uiterlijk op
%s bij de Autoriteit Persoonsgegevens zijn (AVG, artikel 33: binnen 72 uur).

Wat er in het bericht stond, staat niet in deze mail. Open het dossier in Sluis.
`, `The ICT service found that there may be a data breach, and opened file %s.

If it is one that has to be reported, the supervisory authority has to have the report by
%s (GDPR, article 33: within 72 hours).

What was in the message is not in this mail. Open the file in Sluis.
`), id, until.Local().Format("2006-01-02 15:04")),
	}
}

// Released goes to the recipients of a message that was quarantined and is delivered now, with
// the reviewer's note.
func Released(l Language, organisation, note string) Message {
	return Message{
		Subject: l.pick("Over een bericht dat later aankwam", "About a message that arrived late"),
		Text: fmt.Sprintf(l.pick(`Een bericht aan u is eerst apart gezet en daarna door de ICT-dienst van %s
vrijgegeven. Het is nu bezorgd. De ICT-dienst schrijft erbij:

%s
`, `A message for you was set aside first, and then released by the ICT service of
%s. It has been delivered now. The ICT service adds:

%s
`), organisation, note),
	}
}

// Access notifies a person that the records about them were requested (C3.2f), so that a request
// by another does not go unnoticed.
func Access(l Language, organisation string) Message {
	return Message{
		Subject: l.pick("Uw gegevens in Sluis zijn opgevraagd", "Your records in Sluis were asked for"),
		Text: fmt.Sprintf(l.pick(`Zojuist is opgevraagd wat Sluis van %s over uw gebruik van mail en
internet bewaart, met een account dat op uw mailadres staat.

Was u dat zelf, dan hoeft u niets te doen. Zo niet, meld het dan meteen bij de
privacyfunctionaris: het staat in het logboek.
`, `Just now somebody asked what Sluis of %s holds about your use of mail and
web, with an account that has your mail address.

If that was you, there is nothing to do. If not, tell the privacy officer at once: it is in
the ledger.
`), organisation),
	}
}
