// Package lang has the texts for people in the languages of the house (internationalisation, i18n; BCP 47 names the
// languages). Each package that has texts keeps them in files of its own, messages/NAME.LANGUAGE.json, and returns
// keys with arguments (Message); the edge, a page or a command, prints them in the language of its reader.
//
// It promises that the files alone say which languages there are, so that a third language needs no code; that numbers,
// dates and plurals are as the language writes them (CLDR, of golang.org/x/text); and that a text that a language
// lacks is shown in the default one. It does not promise that the texts are complete: that is tested (langtest.Module).
//
// A language is added by a file NAME.LANGUAGE.json beside each NAME.nl.json, and by its texts in rules/packs,
// rules/clauses.yaml and the headers of rules/sites. The tests list what is missing. In these files a text is a string,
// a list of lines, or an object of its plural forms, of which the first whole number among the arguments chooses:
// {"one": "%d message", "other": "%d messages"}.
package lang
