package listfile

import "strings"

// proxyRules are the rules of Clash, Surge, Shadowrocket and Quantumult X. Those that are not named are settings.
var proxyRules = map[string]Reason{
	"DOMAIN": reasons, "DOMAIN-SUFFIX": reasons, "HOST": reasons, "HOST-SUFFIX": reasons,
	"IP-CIDR": reasons, "IP-CIDR6": reasons, "IP6-CIDR": reasons,

	"DOMAIN-KEYWORD": Pattern, "DOMAIN-REGEX": Pattern, "DOMAIN-WILDCARD": Pattern, "HOST-KEYWORD": Pattern,
	"HOST-WILDCARD": Pattern, "URL-REGEX": Pattern,

	"AND": Setting, "DST-PORT": Setting, "FINAL": Setting, "GEOIP": Setting, "GEOSITE": Setting, "IN-PORT": Setting,
	"IP-ASN": Setting, "MATCH": Setting, "NETWORK": Setting, "NOT": Setting, "OR": Setting, "PROCESS-NAME": Setting,
	"PROCESS-PATH": Setting, "RULE-SET": Setting, "SRC-IP-CIDR": Setting, "SRC-PORT": Setting, "USER-AGENT": Setting,
}

// proxyRule reads a line such as DOMAIN-SUFFIX,bad.example,REJECT. Why is reasons for one that names a site or
// network; direct says that the rule lets it through.
func proxyRule(line string) (why Reason, site string, direct, ok bool) {
	line = strings.Trim(strings.TrimPrefix(line, "- "), `"' `)
	fields := strings.Split(withoutComment(line), ",")
	if len(fields) < 2 {
		return 0, "", false, false
	}
	for i, f := range fields {
		fields[i] = strings.Trim(f, `"' `)
	}
	why, ok = proxyRules[strings.ToUpper(fields[0])]
	site = fields[1]
	if !ok || why == reasons && !isCell(site) { // the header of a table
		return 0, "", false, false
	}
	for _, policy := range fields[2:] {
		direct = direct || strings.EqualFold(policy, "DIRECT")
	}
	return why, site, direct, true
}

// proxyRuleLine reads a rule of such a program, or a key of its configuration. It reports false if the line is none.
func (r *reader) proxyRuleLine() bool {
	if key, ok := strings.CutSuffix(r.line, ":"); ok && isWord([]byte(key)) && !strings.Contains(key, ".") {
		r.skip(Setting)
		return true
	}
	why, site, direct, ok := proxyRule(r.line)
	switch {
	case !ok:
		return false
	case why != reasons:
		r.skip(why)
	case !direct:
		r.word(site)
	}
	return true
}
