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
    networks: [127.0.0.3/32]
  - name: zorg
    kind: staff
  - name: leerlingen
    kind: pupils
    networks: [127.0.0.2/32]
people:
  - address: groep5@school.example
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
	Clock string // when it is sent, told but not waited for
	Story string // what it is, in a few words
	From  string
	To    []string
	Data  []byte

	Action       filter.Action
	Purpose      rules.Purpose // that is to decide; none if it passes
	OnlyIfDrawn  bool          // the action is taken only if the random sample drew it (C3.3b)
	Confidential bool          // nothing but security may be looked at (C3.2g)
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

func ordinary() []Mail {
	return []Mail{
		{Clock: "07:48", Story: "parent reports a child ill", From: parent, To: []string{teacher},
			Data: letter{parent, teacher, "Ziekmelding", "Goedemorgen,\n\nOnze dochter is vandaag ziek en blijft thuis. Zij heeft gisteren nog met plezier aan haar werkstuk over de Gouden Eeuw gewerkt; mag zij dat maandag inleveren?\n\nHartelijke groet\n", "", nil}.bytes()},
		{Clock: "08:15", Story: "newsletter to a parent", From: office, To: []string{parent},
			Data: letter{office, parent, "Nieuwsbrief november: sinterklaas, luizencontrole en oud papier", newsletter, "<html><body><h1>Nieuwsbrief</h1><p>" + strings.ReplaceAll(newsletter, "\n\n", "</p><p>") + "</p></body></html>", nil}.bytes()},
		{Clock: "08:52", Story: "planning among colleagues", From: head, To: []string{teacher, care},
			Data: letter{head, teacher, "Teamoverleg donderdag", "Beste collega's,\n\nDonderdag om 15.30 uur bespreken we de studiedag en het rooster. Neem ideeën mee voor de projectweek \"Water en dijken\".\n\nTot dan!\n", "", nil}.bytes()},
		{Clock: "09:30", Story: "history lesson with hard words in it", From: museum, To: []string{teacher},
			Data: letter{museum, teacher, "Lesbrief: de Tweede Wereldoorlog", "Beste leerkracht,\n\nIn deze lesbrief vertellen we over de Jodenvervolging, de haat waarmee de bezetter mensen wegvoerde en over verzet. De kinderen lezen een fragment uit een dagboek en praten over discriminatie toen en nu.\n\nMet vriendelijke groet,\nafdeling educatie\n", "", nil}.bytes()},
		{Clock: "10:05", Story: "order confirmation with many numbers", From: publisher, To: []string{office},
			Data: letter{publisher, office, "Bevestiging van uw bestelling", "Bestelnummer 204518337, factuurnummer 2026110412. 28 werkboeken, ISBN 9789012345678. Levering in week 49.\n", "", nil}.bytes()},
		{Clock: "10:40", Story: "biology lesson about growing up", From: teacher, To: []string{parent},
			Data: letter{teacher, parent, "Lessen over relaties en seksualiteit", "Beste ouders,\n\nVanaf maandag werken wij met de lessen over lichaam, verliefd zijn en grenzen. We gebruiken de juiste woorden voor lichaamsdelen, zoals penis en vagina.\n\nGroet, groep 5\n", "", nil}.bytes()},
	}
}

func troublesome() []Mail {
	return []Mail{
		{Clock: "11:02", Story: "phishing: a link that lies about where it goes", From: "beveiliging@bank-melding.example", To: []string{office}, Action: filter.Quarantine, Purpose: rules.Security,
			Data: letter{"Uw bank <beveiliging@bank-melding.example>", office, "Uw rekening wordt geblokkeerd", "Bevestig direct uw gegevens.\n", `<html><body><p>Uw rekening wordt vandaag geblokkeerd. Bevestig direct uw gegevens:</p><p><a href="http://inlog.kwaadaardig.example/a">https://www.bank.example/inloggen</a></p></body></html>`, nil}.bytes()},
		{Clock: "11:15", Story: "invoice that is a program, to the office", From: "facturen@leverancier.example", To: []string{office}, Action: filter.Quarantine, Purpose: rules.Security,
			Data: program("facturen@leverancier.example", office)},
		{Clock: "11:16", Story: "the same program, to the confidential counsellor", From: "facturen@leverancier.example", To: []string{counsellor}, Action: filter.Quarantine, Purpose: rules.Security, Confidential: true,
			Data: program("facturen@leverancier.example", counsellor)},
		{Clock: "12:30", Story: "threat to a parent", From: teacher, To: []string{parent}, Action: filter.Quarantine, Purpose: rules.Conduct,
			Data: letter{teacher, parent, "Uw klacht", "Als u nog één keer naar de directie loopt, maak ik u af. Ik weet u te vinden.\n", "", nil}.bytes()},
		{Clock: "12:31", Story: "a threat told to the confidential counsellor", From: parent, To: []string{counsellor}, Confidential: true,
			Data: letter{parent, counsellor, "Vertrouwelijk", "Iemand van het team schreef mij: \"ik maak u af, ik weet u te vinden\". Kunnen wij hierover praten?\n", "", nil}.bytes()},
		{Clock: "13:20", Story: "password in a mail to outside", From: office, To: []string{publisher}, Action: filter.Quarantine, Purpose: rules.Leak, OnlyIfDrawn: true,
			Data: letter{office, publisher, "Inloggen leerlingvolgsysteem", "Hoi,\n\nJe kunt inloggen met mijn account. Gebruikersnaam: administratie, wachtwoord: Zomer!Regen84kast\n\nGroet\n", "", nil}.bytes()},
	}
}

const newsletter = "Beste ouders en verzorgers,\n\nOp vrijdag 4 december viert de school sinterklaas. De kleuters hebben dan 's middags vrij. Wie helpt er met het pepernoten bakken?\n\nWoensdag is er luizencontrole. Denk ook aan het oud papier: de container staat tot maandag op het plein.\n\nDe coördinator van de bibliotheek zoekt voorleesouders. Één uurtje per week is al genoeg. Wij wensen u een gezellig weekend!\n"

func program(from, to string) []byte {
	exe := append([]byte("MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00"), bytes.Repeat([]byte{0}, 512)...)
	return letter{from, to, "Factuur 2026-118", "Zie bijlage.\n", "",
		[]attachment{{"factuur-2026-118.pdf.exe", "application/pdf", exe}}}.bytes()
}

func pupilList(from string) []byte {
	lines := []string{"Overzicht groep 5", "naam; geboortedatum; BSN"}
	for i := range 8 {
		lines = append(lines, fmt.Sprintf("leerling %d; %02d-%02d-2017; BSN %s", i+1, 3+2*i, 1+i, newBSN()))
	}
	return letter{from, private, "Groepsoverzicht", "Hierbij het groepsoverzicht, dan werk ik er thuis aan verder.\n", "",
		[]attachment{{"groepsoverzicht.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", docx(lines)}}}.bytes()
}
