package demo

import (
	"bytes"
	"fmt"
	"strings"

	"sluis/filter"
	"sluis/rules"
)

// Own is the domain of the school in the demonstration.
const Own = "school.example"

// The roles that appear. They are addresses of functions, not of people.
const (
	teacher    = "groep5@" + Own
	head       = "directie@" + Own
	office     = "administratie@" + Own
	care       = "ib@" + Own
	counsellor = "vertrouwenspersoon@" + Own
	parent     = "ouder@gezin.example"
	private    = "juf.thuis@privemail.example"
	museum     = "educatie@museum.example"
	publisher  = "service@uitgeverij.example"
)

// Roster is the roster of the school in the demonstration, as a roster file.
const Roster = `groups:
  - name: team
    kind: staff
    networks: [127.0.3.0/24]
  - name: zorg
    kind: staff
  - name: leerlingen
    kind: pupils
    size: 180
    networks: [127.0.2.0/24]
people:
  - address: groep1@school.example
    group: team
  - address: groep2@school.example
    group: team
  - address: groep3@school.example
    group: team
  - address: groep4@school.example
    group: team
  - address: groep5@school.example
    group: team
  - address: groep6@school.example
    group: team
  - address: groep7@school.example
    group: team
  - address: groep8@school.example
    group: team
  - address: directie@school.example
    group: team
  - address: administratie@school.example
    group: team
  - address: ib@school.example
    group: zorg
  - address: vertrouwenspersoon@school.example
    group: zorg
    role: confidential-counsellor
`

// Mail is one message of the day, with what is to become of it.
type Mail struct {
	Clock string // when it is sent: shown, not waited for
	Story string // what it is, in a few words
	From  string
	To    []string
	Data  []byte

	Action       filter.Action
	Purpose      rules.Purpose // that is to decide; none if it passes
	OnlyIfDrawn  bool          // the action is taken only if the random sample drew it (C3.3b)
	Confidential bool          // inspected for security alone (C3.2g)
}

// Day returns the messages of the day in order. Numbers in them differ each time.
func Day() []Mail {
	day := append(ordinary(), troublesome()...)
	leak := func(clock, story, from string) Mail {
		return Mail{Clock: clock, Story: story, From: from, To: []string{private}, Data: pupilList(from)}
	}
	drawn := leak("14:10", "list of pupils with BSN to a private address", teacher)
	drawn.Action, drawn.Purpose, drawn.OnlyIfDrawn = filter.Quarantine, rules.Leak, true
	unseen := leak("14:20", "the same list, from the confidential counsellor", counsellor)
	unseen.Confidential = true
	return append(day, drawn, unseen)
}

// newsletterPage is the newsletter in HTML.
var newsletterPage = "<html><body><h1>Nieuwsbrief</h1><p>" +
	strings.ReplaceAll(newsletter, "\n\n", "</p><p>") + "</p></body></html>"

// plain composes a message of text alone.
func plain(from, to, subject, text string) []byte {
	return letter{from: from, to: to, subject: subject, plain: text}.bytes()
}

// ordinary are the messages that pass.
func ordinary() []Mail {
	mail := func(clock, story, from, to string, data []byte) Mail {
		return Mail{Clock: clock, Story: story, From: from, To: []string{to}, Data: data}
	}
	news := letter{
		from:    office,
		to:      parent,
		subject: "Nieuwsbrief november: sinterklaas, luizencontrole en oud papier",
		plain:   newsletter,
		html:    newsletterPage,
	}
	planning := mail("08:52", "planning among colleagues", head, teacher,
		plain(head, teacher, "Teamoverleg donderdag", meeting))
	planning.To = append(planning.To, care)
	return []Mail{
		mail("07:48", "parent reports a child ill", parent, teacher,
			plain(parent, teacher, "Ziekmelding", sickNote)),
		mail("08:15", "newsletter to a parent", office, parent, news.bytes()),
		planning,
		mail("09:30", "history lesson with hard words in it", museum, teacher,
			plain(museum, teacher, "Lesbrief: de Tweede Wereldoorlog", warLesson)),
		mail("10:05", "order confirmation with many numbers", publisher, office,
			plain(publisher, office, "Bevestiging van uw bestelling", orderText)),
		mail("10:40", "biology lesson about growing up", teacher, parent,
			plain(teacher, parent, "Lessen over relaties en seksualiteit", growingUp)),
	}
}

// Senders from outside of what the gateway stops.
const (
	bank     = "beveiliging@bank-melding.example"
	supplier = "facturen@leverancier.example"
)

// troublesome are the messages of which something is found, if it may be looked for.
func troublesome() []Mail {
	quarantined := func(p rules.Purpose, clock, story, from, to string, data []byte) Mail {
		return Mail{
			Clock:   clock,
			Story:   story,
			From:    from,
			To:      []string{to},
			Data:    data,
			Action:  filter.Quarantine,
			Purpose: p,
		}
	}
	lure := letter{
		from:    "Uw bank <" + bank + ">",
		to:      office,
		subject: "Uw rekening wordt geblokkeerd",
		plain:   "Bevestig direct uw gegevens.\n",
		html:    phishing,
	}
	counselled := quarantined(rules.Security, "11:16", "the same program, to the confidential counsellor",
		supplier, counsellor, program(supplier, counsellor))
	counselled.Confidential = true
	leak := quarantined(rules.Leak, "13:20", "password in a mail to outside", office, publisher,
		plain(office, publisher, "Inloggen leerlingvolgsysteem", credentials))
	leak.OnlyIfDrawn = true
	return []Mail{
		quarantined(rules.Security, "11:02", "phishing: a link that lies about where it goes", bank, office, lure.bytes()),
		quarantined(rules.Security, "11:15", "invoice that is a program, to the office",
			supplier, office, program(supplier, office)),
		counselled,
		quarantined(rules.Conduct, "12:30", "threat to a parent", teacher, parent,
			plain(teacher, parent, "Uw klacht", threat)),
		{
			Clock:        "12:31",
			Story:        "a threat confided to the confidential counsellor",
			From:         parent,
			To:           []string{counsellor},
			Data:         plain(parent, counsellor, "Vertrouwelijk", confidence),
			Confidential: true,
		},
		leak,
	}
}

func program(from, to string) []byte {
	exe := append([]byte("MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00"), bytes.Repeat([]byte{0}, 512)...)
	return letter{
		from:    from,
		to:      to,
		subject: "Factuur 2026-118",
		plain:   "Zie bijlage.\n",
		attach:  []attachment{{"factuur-2026-118.pdf.exe", "application/pdf", exe}},
	}.bytes()
}

func pupilList(from string) []byte {
	lines := []string{"Overzicht groep 5", "naam; geboortedatum; BSN"}
	for i := range 8 {
		lines = append(lines, fmt.Sprintf("leerling %d; %02d-%02d-2017; BSN %s", i+1, 3+2*i, 1+i, newBSN()))
	}
	return letter{
		from:    from,
		to:      private,
		subject: "Groepsoverzicht",
		plain:   "Hierbij het groepsoverzicht, dan werk ik er thuis aan verder.\n",
		attach:  []attachment{{"groepsoverzicht.docx", wordDocument, docx(lines)}},
	}.bytes()
}
