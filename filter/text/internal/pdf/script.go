package pdf

import (
	"html"
	"regexp"
	"strings"
)

// A script is harmless if every name in it is one that checks, computes, formats or prints: the list is of what is
// allowed, since what is dangerous can be named in a thousand ways.

// words of the language, and names that any script may use, called or not.
var harmlessNames = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(`
		break case catch continue default do else false finally for function if in instanceof new null of return switch
		this throw true try typeof undefined var let const void while
		Math Number String Boolean Date Array RegExp Object NaN Infinity isNaN isFinite parseInt parseFloat
		abs acos asin atan atan2 ceil cos exp floor log max min pow random round sin sqrt tan PI E
		charAt charCodeAt concat indexOf join lastIndexOf length match pop push replace reverse search shift slice sort
		split splice substr substring test toFixed toLowerCase toString toUpperCase trim unshift valueOf toPrecision
		getDate getDay getFullYear getHours getMilliseconds getMinutes getMonth getSeconds getTime getYear setDate
		setFullYear setHours setMinutes setMonth setSeconds setTime getTimezoneOffset toLocaleString toLocaleDateString
		event value target rc change changeEx commitKey willCommit selStart selEnd fieldFull keyDown modifier shift
		source targetName type name richValue silenceErrors
		getField getNthFieldName numFields isBoxChecked checkThisBox isDefaultChecked getArray currentValueIndices
		getItemAt setItems insertItemAt deleteItemAt numItems exportValues checked display visible hidden noView noPrint
		readonly required fillColor textColor borderColor strokeColor textFont textSize lineWidth borderStyle alignment
		charLimit page rect userName valueAsString defaultValue setFocus resetForm calculate calculateNow dirty
		color black white red green blue cyan magenta yellow gray transparent ltGray dkGray RGB CMYK G T convert equal
		app alert beep viewerVersion viewerType language platform util printd printf printx scand console println
		print pageNum numPages zoom zoomType cMsg cTitle nIcon nType bUI bSilent bShrinkToFit bPrintAsImage nStart nEnd
		bReverse bAnnotations getPrintParams pp interactive constants interactionLevel automatic full silent
		layers border documentFileName info Title Author
		rawValue isNull resolveNode resolveNodes xfa host messageBox currentPage parent instanceManager addInstance
		removeInstance count index presence mandatory nodes item form execInitialize execCalculate execValidate
		formattedValue somExpression ui oneOfChild border fill edge caption newValue prevText newText fullText
		subform data access open nullTest validate initialize layout ready pageCount
		`) {
		m[w] = true
	}
	return m
}()

// maxNames bounds the names that scripts give to what is theirs.
const maxNames = 10_000

var (
	defined    = regexp.MustCompile(`\bfunction\s+([\pL_$][\pL\pN_$]*)`)
	called     = regexp.MustCompile(`([\pL_$][\pL\pN_$]*)\s*\(`)
	member     = regexp.MustCompile(`\.\s*([\pL_$][\pL\pN_$]*)`)
	named      = regexp.MustCompile(`[\pL_$][\pL\pN_$]*`)
	overridden = regexp.MustCompile(`([\pL_$][\pL\pN_$]*)\s*=`)
	// byText are calls of what is computed, and members that are named by a text.
	byText = regexp.MustCompile(`[\])]\s*\(|\b(?:app|this|util|event|xfa|console|host)\s*\[|\[\s*` + blanked)
)

// harmless reports whether all scripts of a file together check, compute, format and print, and do nothing else.
func harmless(scripts []string) bool {
	own, size := map[string]bool{}, 0
	clean := make([]string, 0, len(scripts))
	for _, s := range scripts {
		if size += len(s); size > maxScript {
			return false
		}
		code, ok := withoutTexts(s)
		if !ok {
			return false
		}
		clean = append(clean, code)
		for _, m := range defined.FindAllStringSubmatch(code, maxNames) {
			own[m[1]] = true
		}
	}
	for _, s := range clean {
		if !harmlessScript(s, own) {
			return false
		}
	}
	return true
}

// harmlessScript judges a script without its comments and texts; own are the functions that scripts define.
func harmlessScript(s string, own map[string]bool) bool {
	if byText.MatchString(s) {
		return false
	}
	may := func(name string) bool { return harmlessNames[name] || strings.HasPrefix(name, "AF") }
	calls := map[string]bool{}
	for _, m := range called.FindAllStringSubmatch(s, -1) {
		calls[m[1]] = true
		if !may(m[1]) && !own[m[1]] {
			return false
		}
	}
	for _, m := range member.FindAllStringSubmatch(s, -1) {
		if !may(m[1]) {
			return false
		}
	}
	// What is called must be what its name says.
	for _, m := range overridden.FindAllStringSubmatch(s, -1) {
		if calls[m[1]] {
			return false
		}
	}
	for _, name := range named.FindAllString(s, -1) {
		if dangerous[name] {
			return false
		}
	}
	return true
}

// dangerous are names that no form needs, which must not be taken under another name either.
var dangerous = map[string]bool{"eval": true, "Function": true, "unescape": true, "SOAP": true, "Net": true,
	"Collab": true, "spell": true, "media": true, "plugins": true, "global": true, "constructor": true,
	"prototype": true, "ADBC": true, "security": true, "collection": true, "with": true, "import": true}

// blanked stands for a text in a script.
const blanked = "\x00"

// withoutTexts returns a script without its comments, with its texts and patterns blanked; false if readers could
// disagree on where these end.
func withoutTexts(s string) (string, bool) {
	var b strings.Builder
	last := byte(';')        // the last that is no white space
	line, quoted := 0, false // where the line ends of which it is known whether it has a quote
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '\\' || c == '`' || c == 0:
			return "", false
		case c == '"' || c == '\'':
			end := textEnd(s[i+1:], c)
			if end < 0 {
				return "", false
			}
			b.WriteString(blanked)
			i, last = i+end+2, c
			continue
		case strings.HasPrefix(s[i:], "//"):
			i += lineEnd(s[i:])
			b.WriteByte('\n')
			continue
		case strings.HasPrefix(s[i:], "/*"):
			end := strings.Index(s[i+2:], "*/")
			if end < 0 {
				return "", false
			}
			i += end + 4
			b.WriteByte(' ')
			continue
		case c == '/' && strings.IndexByte("=(,:!&|?{;+", last) >= 0:
			end := patternEnd(s[i+1:])
			if end < 0 {
				return "", false
			}
			b.WriteString(blanked)
			i, last = i+end+2, '"'
			continue
		case c == '/': // a division, or a pattern
			if i >= line {
				line = i + lineEnd(s[i:])
				quoted = strings.ContainsAny(s[i:line], "\"'")
			}
			if quoted {
				return "", false
			}
		}
		if c > ' ' {
			last = c
		}
		b.WriteByte(c)
		i++
	}
	return b.String(), true
}

// lineEnd returns where the line that s begins with ends.
func lineEnd(s string) int {
	if i := strings.IndexAny(s, "\r\n\u2028\u2029"); i >= 0 {
		return i
	}
	return len(s)
}

// textEnd returns where a text ends at a quote, -1 if it does not on its line.
func textEnd(s string, quote byte) int {
	s = s[:lineEnd(s)]
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case quote:
			return i
		}
	}
	return -1
}

// patternEnd returns where a pattern ends, -1 if it does not on its line.
func patternEnd(s string) int {
	s = s[:lineEnd(s)]
	class := false
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '[':
			class = true
		case ']':
			class = false
		case '/':
			if !class {
				return i
			}
		}
	}
	return -1
}

var (
	formScript = regexp.MustCompile(`(?s)<(?:\w+:)?script\b([^>]*)>(.*?)</(?:\w+:)?script\s*>`)
	formTags   = regexp.MustCompile(`(?s)<!\[CDATA\[(.*?)\]\]>`)
)

// formScripts returns the scripts of a form of XFA. FormCalc, its other language, has no way out but Get, Post and Put.
func formScripts(xml string) []string {
	var scripts []string
	for _, m := range formScript.FindAllStringSubmatch(xml, -1) {
		body := html.UnescapeString(formTags.ReplaceAllString(m[2], "$1"))
		if strings.Contains(m[1], "javascript") {
			scripts = append(scripts, body)
			continue
		}
		for _, call := range called.FindAllStringSubmatch(body, -1) {
			switch strings.ToLower(call[1]) {
			case "get", "post", "put", "eval", "gotourl", "submit", "importdata", "exportdata":
				scripts = append(scripts, "eval()")
			}
		}
	}
	return scripts
}
