package blockpage

import "golang.org/x/text/language"

// languages are those that pages are in; the first is for who asks for none of them.
var languages = []string{"nl", "en"}

var matcher = language.NewMatcher([]language.Tag{language.Dutch, language.English})

// languageOf returns the language for an Accept-Language field.
func languageOf(accept string) string {
	if len(accept) > 200 {
		accept = accept[:200]
	}
	tags, _, err := language.ParseAcceptLanguage(accept)
	if err != nil || len(tags) == 0 {
		return languages[0]
	}
	_, i, _ := matcher.Match(tags...)
	return languages[i]
}

// texts are in Dutch and in English.
var texts = map[string][2]string{
	"code-of-conduct": {"De gedragscode", "The code of conduct"},
	"privacy":         {"Er wordt niet bijgehouden wie welke site bezoekt.", "Nobody keeps track of who visits which site."},

	"blocked-title":  {"Deze pagina is tegengehouden", "This page was stopped"},
	"blocked-site":   {"Deze site is hier niet toegankelijk", "This site is not available here"},
	"blocked-page":   {"Wat op deze pagina staat, is tegengehouden", "What is on this page was stopped"},
	"blocked-upload": {"Wat je wilde versturen, is tegengehouden", "What you wanted to send was stopped"},
	"why":            {"De afspraken op school over internet laten dit niet toe. Klopt dat niet, of heb je de site nodig? Vraag dan hieronder om een nieuwe blik.", "The school's agreements on internet use do not allow this. Is that wrong, or do you need the site? Ask for another look below."},
	"why-danger":     {"Deze site staat bekend als gevaarlijk. Je hebt niets verkeerd gedaan: wie op zo'n link klikt, is meestal misleid.", "This site is known to be dangerous. You did nothing wrong: who follows such a link was usually misled."},
	"why-upload":     {"In wat je wilde versturen staat iets wat de gedragscode niet toelaat. Het is niet aangekomen. Pas het aan en probeer het opnieuw.", "What you wanted to send holds something that the code of conduct does not allow. It did not arrive. Change it and try again."},
	"site":           {"Site", "Site"},
	"kind":           {"Soort", "Kind"},
	"agreement":      {"Afspraak", "Agreement"},
	"not-kept":       {"Dat jij deze pagina opende, wordt nergens bewaard. Alleen geteld wordt dat er iets is tegengehouden.", "That you opened this page is kept nowhere. All that is counted is that something was stopped."},
	"kept":           {"Bewaard wordt dat er iets is tegengehouden, met een code in de plaats van je naam. Alleen met een schriftelijk besluit van het bestuur kan die code aan jou worden gekoppeld.", "That something was stopped is kept, with a code in the place of your name. Only a written decision of the board can connect that code with you."},
	"recognise":      {"Zo herken je het", "How to recognise it"},
	"recognise-1":    {"Kijk naar het adres: staat er precies de naam die je verwacht, en niets ervoor of erachter?", "Look at the address: is it exactly the name that you expect, with nothing before or after it?"},
	"recognise-2":    {"Haast, dreiging of een prijs in het bericht: dat hoort bij misleiding.", "Haste, a threat or a prize in the message: these belong to deceit."},
	"recognise-3":    {"Vul nooit een wachtwoord in na een klik op een link. Ga zelf naar de site.", "Never enter a password after following a link. Go to the site yourself."},
	"recognise-4":    {"Heb je al iets ingevuld? Meld het meteen bij de ICT-dienst en verander je wachtwoord.", "Did you enter something already? Tell the ICT service at once and change your password."},
	"appeal-title":   {"Verzoek om herziening", "Appeal"},
	"appeal-text":    {"De ICT-dienst kijkt er opnieuw naar. Je naam gaat niet mee: alleen de site, de soort en je groep.", "The ICT service looks at it again. Your name does not go along: only the site, the kind and your group."},
	"appeal-need":    {"Waarvoor is het nodig?", "What is it for?"},
	"need-lesson":    {"Voor een les of opdracht", "For a lesson or assignment"},
	"need-work":      {"Voor mijn werk", "For my work"},
	"need-wrong":     {"De site is niet wat hier staat", "The site is not what it is said to be"},
	"need-other":     {"Iets anders", "Something else"},
	"appeal-send":    {"Verzoek om herziening", "Appeal"},
	"asked-title":    {"Je vraag is verstuurd", "Your request was sent"},
	"asked-text":     {"De ICT-dienst kijkt ernaar. Heeft het haast? Vraag het dan ook aan je leerkracht of aan de ICT-dienst zelf.", "The ICT service will look at it. Is it urgent? Then ask your teacher or the ICT service as well."},
	"full-title":     {"Er staan te veel vragen open", "Too many requests are open"},
	"full-text":      {"Vraag het aan je leerkracht of aan de ICT-dienst zelf.", "Ask your teacher or the ICT service."},

	"error-400": {"Deze vraag is niet te begrijpen", "This request cannot be understood"},
	"hint-400":  {"Klopt het adres? Probeer het opnieuw vanuit de adresbalk.", "Is the address right? Try again from the address bar."},
	"error-403": {"Hier komt de proxy niet", "The proxy does not go there"},
	"hint-403":  {"Dit adres ligt in een afgeschermd netwerk, of de verbinding is van een soort die niet mag. Vraag de ICT-dienst als je het nodig hebt.", "This address is in a closed network, or the connection is of a kind that is not allowed. Ask the ICT service if you need it."},
	"error-404": {"Deze pagina is er niet", "There is no such page"},
	"hint-404":  {"Dit is Sluis, het filter van de school. Hoe je een apparaat instelt, staat op /setup.", "This is Sluis, the school's filter. How to set up a device is told at /setup."},
	"error-407": {"Meld je aan", "Sign in"},
	"hint-407":  {"Je browser vraagt om je naam en wachtwoord van school. Werkt dat niet, vraag dan de ICT-dienst.", "Your browser asks for your school name and password. If that does not work, ask the ICT service."},
	"error-421": {"Deze verbinding is voor een andere site", "This connection is for another site"},
	"hint-421":  {"Laad de pagina opnieuw.", "Load the page again."},
	"error-429": {"Te vaak geprobeerd", "Tried too often"},
	"hint-429":  {"Wacht een paar minuten en probeer het dan opnieuw.", "Wait a few minutes and try again."},
	"error-502": {"De site is niet te bereiken", "The site cannot be reached"},
	"hint-502":  {"Klopt het adres? De site kan ook een storing hebben, of een certificaat dat niet klopt.", "Is the address right? The site may be down as well, or its certificate is not right."},
	"error-503": {"Dit kan nu even niet", "This cannot be done right now"},
	"hint-503":  {"Probeer het over een paar minuten opnieuw. Blijft het zo, vraag dan de ICT-dienst.", "Try again in a few minutes. If it stays so, ask the ICT service."},
	"error-504": {"De site antwoordt niet", "The site does not answer"},
	"hint-504":  {"Probeer het later opnieuw.", "Try again later."},
	"error-508": {"Deze vraag gaat in een kring", "This request goes round in a circle"},
	"hint-508":  {"De proxy kreeg zijn eigen vraag terug. Vraag de ICT-dienst om naar de instellingen te kijken.", "The proxy got its own request back. Ask the ICT service to look at the settings."},

	"about-title": {"Dit is Sluis", "This is Sluis"},
	"about-text":  {"Het webverkeer van de school stroomt hierdoor. Sites die de gedragscode verbiedt, worden tegengehouden; wat versleuteld is, blijft dat, tenzij de school voor een groep anders besloot en dat vertelt.", "The school's web traffic flows through here. Sites that the code of conduct forbids are stopped; what is encrypted stays so, unless the school decided otherwise for a group, and says so."},
	"about-setup": {"Een apparaat instellen: zie /setup op dit adres.", "To set up a device: see /setup at this address."},

	"setup-title":            {"Een apparaat instellen", "Set up a device"},
	"setup-text":             {"Apparaten van school stelt de ICT-dienst in. Voor een eigen apparaat op het netwerk van school zijn dit de stappen.", "The ICT service sets up the school's devices. For a device of your own on the school's network these are the steps."},
	"setup-proxy":            {"1. De proxy", "1. The proxy"},
	"setup-pac":              {"Automatisch, met dit adres:", "Automatic, with this address:"},
	"setup-manual":           {"Of met de hand:", "Or by hand:"},
	"setup-windows":          {"Instellingen, Netwerk en internet, Proxy, Installatiescript gebruiken.", "Settings, Network and internet, Proxy, Use setup script."},
	"setup-chromeos":         {"Instellingen, Netwerk, kies het netwerk, Proxy, Automatische proxyconfiguratie.", "Settings, Network, choose the network, Proxy, Automatic proxy configuration."},
	"setup-apple":            {"Instellingen, Wi-Fi, de i achter het netwerk, Configureer proxy, Automatisch.", "Settings, Wi-Fi, the i behind the network, Configure proxy, Automatic."},
	"setup-android":          {"Instellingen, Wifi, het netwerk, Bewerken, Proxy, Automatisch.", "Settings, Wi-Fi, the network, Edit, Proxy, Automatic."},
	"setup-firefox":          {"Instellingen, Netwerkinstellingen, URL voor automatische proxyconfiguratie.", "Settings, Network settings, Automatic proxy configuration URL."},
	"setup-certificate":      {"2. Het certificaat", "2. The certificate"},
	"setup-certificate-text": {"Alleen voor apparaten die van school zijn: daarmee kan het filter een uitleg tonen op een beveiligde verbinding, en waar de school dat besloot in een verbinding kijken. Zet het niet op een eigen apparaat. Vergelijk de vingerafdruk met die van de ICT-dienst.", "For devices that belong to the school only: with it the filter can show an explanation on a secure connection and, where the school decided so, look into one. Do not put it on a device of your own. Compare the fingerprint with the one that the ICT service has."},
	"setup-download":         {"Certificaat ophalen", "Get the certificate"},
	"setup-no-certificate":   {"Niet nodig: dit filter kijkt niet in versleutelde verbindingen.", "Not needed: this filter does not look into encrypted connections."},
	"certificate-windows":    {"dubbelklik, Certificaat installeren, Lokale computer, Vertrouwde basiscertificeringsinstanties.", "double-click, Install certificate, Local machine, Trusted root certification authorities."},
	"certificate-chromeos":   {"in de beheerconsole: Apparaten, Netwerken, Certificaten, Chromebook.", "in the admin console: Devices, Networks, Certificates, Chromebook."},
	"certificate-ipad":       {"Instellingen, Profiel gedownload, Installeer; daarna Algemeen, Info, Certificaatvertrouwensinstellingen.", "Settings, Profile downloaded, Install; then General, About, Certificate trust settings."},
	"certificate-android":    {"Instellingen, Beveiliging, Certificaat installeren, CA-certificaat.", "Settings, Security, Install a certificate, CA certificate."},
	"certificate-linux":      {"kopieer het naar /usr/local/share/ca-certificates en voer update-ca-certificates uit.", "copy it to /usr/local/share/ca-certificates and run update-ca-certificates."},
	"certificate-firefox":    {"Instellingen, Certificaten bekijken, Organisaties, Importeren.", "Settings, View certificates, Authorities, Import."},

	"acknowledge-title": {"Ken je de gedragscode?", "Do you know the code of conduct?"},
	"acknowledge-text":  {"De gedragscode voor ICT is vastgesteld of veranderd. Lees haar een keer door voordat je verdergaat.", "The code of conduct for ICT was adopted or changed. Read it once before you go on."},
	"acknowledge-read":  {"Lees de gedragscode", "Read the code of conduct"},
	"acknowledge-kept":  {"Bewaard wordt alleen dat je dit hebt gedaan, niet wanneer en niet waar je naartoe ging.", "All that is kept is that you did this, not when and not where you were going."},
	"acknowledge-done":  {"Ik ken de gedragscode", "I know the code of conduct"},
	"thanks-title":      {"Dank je wel", "Thank you"},
	"thanks-text":       {"Ga terug en laad de pagina opnieuw.", "Go back and load the page again."},

	"category-malware":          {"Schadelijke software", "Harmful software"},
	"category-phishing":         {"Misleiding om gegevens te stelen (phishing)", "Deceit to steal data (phishing)"},
	"category-attachment":       {"Gevaarlijk of vermomd bestand", "Dangerous or disguised file"},
	"category-pornography":      {"Pornografie", "Pornography"},
	"category-intimidation":     {"Seksuele intimidatie", "Sexual intimidation"},
	"category-racism":           {"Racisme", "Racism"},
	"category-discrimination":   {"Discriminatie", "Discrimination"},
	"category-insult":           {"Belediging", "Insult"},
	"category-threat":           {"Bedreiging", "Threat"},
	"category-incitement":       {"Aanzetten tot haat of geweld", "Incitement to hatred or violence"},
	"category-credentials":      {"Wachtwoorden of sleutels", "Passwords or keys"},
	"category-identity":         {"Identiteitsgegevens", "Identity data"},
	"category-financial":        {"Betaalgegevens", "Payment data"},
	"category-personal":         {"Persoonsgegevens", "Personal data"},
	"category-care":             {"Gegevens over gezondheid of zorg", "Data on health or care"},
	"category-confidential":     {"Vertrouwelijk document", "Confidential document"},
	"category-file-sharing":     {"Delen van bestanden", "Sharing of files"},
	"category-hate":             {"Haat of geweld", "Hatred or violence"},
	"category-gambling":         {"Kansspelen", "Gambling"},
	"category-illegal-download": {"Downloads uit illegale bron", "Downloads from an illegal source"},
	"category-bypass":           {"Omweg om het filter heen", "A way around the filter"},
	"category-own-code":         {"Afspraak van deze organisatie", "Agreement of this organisation"},
	"category-none":             {"Niet toegestaan", "Not allowed"},
}

// text returns a text in a language.
func text(key, lang string) string {
	t, ok := texts[key]
	if !ok {
		return key
	}
	if lang == languages[0] {
		return t[0]
	}
	return t[1]
}
