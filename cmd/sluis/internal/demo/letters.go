package demo

// The texts of the day.
const (
	sickNote = `Goedemorgen,

Onze dochter is vandaag ziek en blijft thuis. Zij heeft gisteren nog met plezier aan haar werkstuk over de
Gouden Eeuw gewerkt; mag zij dat maandag inleveren?

Hartelijke groet
`

	meeting = `Beste collega's,

Donderdag om 15.30 uur bespreken we de studiedag en het rooster. Neem ideeën mee voor de projectweek "Water en dijken".

Tot dan!
`

	warLesson = `Beste leerkracht,

In deze lesbrief vertellen we over de Jodenvervolging, de haat waarmee de bezetter mensen wegvoerde en over
verzet. De kinderen lezen een fragment uit een dagboek en praten over discriminatie toen en nu.

Met vriendelijke groet,
afdeling educatie
`

	orderText = `Bestelnummer 204518337, factuurnummer 2026110412. 28 werkboeken, ISBN 9789012345678. Levering in week 49.
`

	growingUp = `Beste ouders,

Vanaf maandag werken wij met de lessen over lichaam, verliefd zijn en grenzen. We gebruiken de juiste woorden
voor lichaamsdelen, zoals penis en vagina.

Groet, groep 5
`

	threat = `Als u nog één keer naar de directie loopt, maak ik u af. Ik weet u te vinden.
`

	confidence = `Iemand van het team schreef mij: "ik maak u af, ik weet u te vinden". Kunnen wij hierover praten?
`

	credentials = `Hoi,

Je kunt inloggen met mijn account. Gebruikersnaam: administratie, wachtwoord: Zomer!Regen84kast

Groet
`

	newsletter = `Beste ouders en verzorgers,

Op vrijdag 4 december viert de school sinterklaas. De kleuters hebben dan 's middags vrij. Wie helpt er met
het pepernoten bakken?

Woensdag is er luizencontrole. Denk ook aan het oud papier: de container staat tot maandag op het plein.

De coördinator van de bibliotheek zoekt voorleesouders. Één uurtje per week is al genoeg. Wij wensen u een
gezellig weekend!
`

	phishing = `<html><body>
<p>Uw rekening wordt vandaag geblokkeerd. Bevestig direct uw gegevens:</p>
<p><a href="http://inlog.kwaadaardig.example/a">https://www.bank.example/inloggen</a></p>
</body></html>`
)
