package redact

import (
	"regexp"
)

// rule finds one shape of what is to be replaced. All run in linear time (RE2).
type rule struct {
	kind string
	find *regexp.Regexp
	// group is what is replaced of a match, 0 for all of it; of several groups the first that took part.
	group int
	// words are lower-case texts of which a text must hold one before find is tried; nil for always.
	words []string
	// accept decides about a match; nil accepts all.
	accept func(text string, start, end int) bool
	// weak gives way where it overlaps what a rule before it found.
	weak bool
	// whole replaces the letters and digits that follow a match too.
	whole bool
	// search finds the places in place of find, where no pattern can.
	search func(text string) []place
}

// secretWord are the words in a field's name that make its value a secret.
const secretWord = `passw(?:or)?d|passwort|kennwort|passphrase|pwd|secret|token|credential|session[_-]?id|sas|sig|signature|jwt|` + ownedKey

// ownedKey are the names of keys that open something.
const ownedKey = `(?:api|access|account|private|encryption|signing|secret|auth|shared|client|license|master|ssh|storage|subscription|deploy|hmac)[._-]?key`

// passwordWord are those after which anything is a secret, however short and plain.
const passwordWord = `passw(?:or)?d|passwort|kennwort|passphrase|pwd|pass|pw` //nolint:gosec // a pattern of credentials, not one

const (
	quoteMark = `(?:\\*["'` + "`" + `])`
	assign    = `(?:=>|:=|==?|:|%3[dD])`
	// bare is an unquoted value.
	bare = `[^\s,;&"'` + "`" + `<>(){}\[\]\\|]+`
)

// prefixedToken is a name of a token that is more than the word, which parsers have too.
const prefixedToken = `(?:access|auth|bearer|api|id|refresh|csrf|xsrf|session|secret|security|device|deploy)[._ -]?token`

// inQuotes is a quoted value after an opening quote, up to the quote that closes it, escaped or not.
const inQuotes = `(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|\\+"(.*?)\\+"|` + "`([^`]*)`" + `|"((?:[^"\\]|\\.)+)\z|'((?:[^'\\]|\\.)+)\z)`

var secretWords = []string{"pass", "kennwort", "pwd", "secret", "token", "key", "credential", "session", "sas", "sig", "jwt"}

// builtinRules, the most specific first: of two that find the same text the first names its kind.
var builtinRules = append(append([]rule{
	{kind: KindSecret, words: []string{"private key"}, find: regexp.MustCompile(
		`-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?s:.*?)(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\z)`)},
	// Addresses of the form scheme://user:password@host; the password may hold / and @.
	{kind: KindCredentials, group: 1, words: []string{"://"}, find: regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://([^\s/?#"'<>` + "`" + `]+)@`)},
	{kind: KindCredentials, group: 1, words: []string{"://"}, accept: notPort, find: regexp.MustCompile(
		`[A-Za-z][A-Za-z0-9+.-]*://([^\s/?#:"'<>` + "`" + `]*:[^\s"'<>` + "`" + `]+)@`)},
	// The same cut off, by a limit on names for instance.
	{kind: KindCredentials, group: 1, words: []string{"://"}, accept: notPort, find: regexp.MustCompile(
		`[A-Za-z][A-Za-z0-9+.-]*://([^\s/?#@:"'<>` + "`" + `]*:[^\s/@"'<>` + "`" + `…]+)(?:…|\z)`)},
	{kind: KindCredentials, group: 1, words: []string{"%3a%2f%2f"}, find: regexp.MustCompile(`(?i)%3a%2f%2f([^\s%&"']+%3a[^\s&"']+?)%40`)},
	{kind: KindCredentials, group: 1, words: []string{"@"}, find: regexp.MustCompile(
		`(?:^|[\s"'=(\[,])([\w.%+-]+:[^\s"'<>()@/,]+)@(?:[\w.-]+(?::\d{1,5}\b|/)|/)`)},
	{kind: KindCredentials, group: 1, words: []string{"("}, find: regexp.MustCompile(`\b([\w.-]+:[^\s"'<>()]+)@(?:tcp|tcp4|tcp6|udp|unix)\(`)},
	{kind: KindCredentials, group: 1, words: []string{"thin:"}, find: regexp.MustCompile(`thin:([^\s@/]+/[^\s@]+)@`)},
	{kind: KindCredentials, group: 1, words: []string{"password=", "pwd="}, find: regexp.MustCompile(
		`(?i)\b(?:user|user ?id|uid|username)=([^\s;,&"'` + "`" + `]+)`), accept: besidePassword},
	// Headers.
	{kind: KindSecret, group: 1, words: []string{"authorization"}, find: regexp.MustCompile(
		`(?i)authorization` + quoteMark + `?\s*` + assign + `\s*\[?\s*` + quoteMark + `?([^\r\n"'` + "`" + `\\\]]+)`)},
	{kind: KindSecret, group: 1, words: []string{"cookie"}, find: regexp.MustCompile(
		`(?i)(?:set[_-])?cookie` + quoteMark + `?\s*` + assign + `\s*\[?\s*` + quoteMark + `?([^\r\n"'` + "`" + `\\\]]+)`)},
	{kind: KindSecret, group: 1, words: []string{"bearer"}, find: regexp.MustCompile(`(?i)\bbearer(?:\s+|%20|\+)([A-Za-z0-9._~+/=-]{8,})`), accept: tokenOfHeader},
	{kind: KindSecret, group: 1, words: []string{"basic"}, find: regexp.MustCompile(`(?i)\bbasic(?:\s+|%20|\+)([A-Za-z0-9+/]{8,}={0,2})`), accept: looksRandom},
	// Command lines.
	{kind: KindPassword, group: 1, words: []string{"-p", "-a", "-u"}, find: regexp.MustCompile(
		`\b(?:mysql\w*|mariadb|sshpass|redis-cli|mongo\w*|psql)\b[^\r\n]*?\s(?:-p|-a)\s?["']?([^\s"'-][^\s"']*)`)},
	{kind: KindCredentials, group: 1, words: []string{"-u", "--user"}, find: regexp.MustCompile(`\s(?:-u|--user)[= ]+["']?([^\s"':]+:[^\s"']+)`)},
	{kind: KindPassword, group: 1, words: []string{"--"}, find: regexp.MustCompile(
		`(?i)--?[\w-]*(?:` + secretWord + `|pass)[\w-]*(?:=|\s+)["']?([^\s"'-][^\s"']*)`)},
	// Fields: JSON, logfmt, query strings, properties, XML, pairs of name and value.
	{kind: KindPassword, group: 1, words: secretWords, find: regexp.MustCompile(
		`(?i)[\w.-]*(?:` + secretWord + `)[\w.-]*` + quoteMark + `?\s*` + assign + `\s*\[?\s*` + inQuotes), accept: fieldValue},
	{kind: KindPassword, group: 1, words: []string{"passphrase"}, find: regexp.MustCompile(`(?i)passphrase` + quoteMark + `?\s*` + assign + `\s*([^\r\n,;"']+)`), accept: fieldValue},
	{kind: KindPassword, group: 1, words: []string{"pass", "pw", "kennwort"}, find: regexp.MustCompile(
		`(?i)[\w.-]*(?:` + passwordWord + `)(?:[_.-]\w+)*` + quoteMark + `?\s*` + assign + `\s*(` + bare + `)`), accept: fieldValue},
	{kind: KindPassword, group: 1, words: secretWords, find: regexp.MustCompile(
		`(?i)[\w.-]*(?:` + secretWord + `)[\w.-]*` + quoteMark + `?(?:=>|:=|=|%3d|:)(` + bare + `)`), accept: fieldValue},
	{kind: KindPassword, group: 1, words: secretWords, find: regexp.MustCompile(
		`(?i)[\w.-]*(?:` + secretWord + `)[\w.-]*` + quoteMark + `?\s*` + assign + `\s*(` + bare + `)`), accept: looksRandom},
	{kind: KindPassword, group: 1, words: []string{"secret", "key", "token"}, find: regexp.MustCompile(
		`(?i)(?:\bsecret|[._-]secret|` + ownedKey + `|` + prefixedToken + `)` + quoteMark + `?\s*` + assign + `\s*(` + bare + `)`), accept: fieldOfText},
	{kind: KindPassword, group: 1, words: []string{"key", "token"}, find: regexp.MustCompile(`(?i)\b(?:` + ownedKey + `|` + prefixedToken + `)\s+(` + bare + `)`), accept: looksRandom},
	{kind: KindPassword, group: 1, words: []string{"pin", "otp", "cvv", "cvc", "passcode", "ssn", "tan"}, find: regexp.MustCompile(
		`(?i)\b(?:[\w.]+_)?(?:pin|otp|cvv2?|cvc2?|passcode|ssn|tan)(?:[_ -]?code)?` + quoteMark + `?\s*` + assign + `\s*` + quoteMark + `?(\d[\w-]{2,11})\b`)},
	{kind: KindSecret, group: 1, words: []string{"sess", "sid="}, find: regexp.MustCompile(`(?i)(?:\b|_)(?:php|j|asp\.net_)?(?:sessid|sessionid|sess|session|connect\.sid|sid)=([^\s&;,"']+)`), accept: looksRandom},
	{kind: KindSecret, group: 1, words: []string{"key=", "auth=", "code="}, find: regexp.MustCompile(`(?i)[?&](?:key|auth|code)=([^\s&"'#]+)`), accept: looksRandom},
	// Sentences and statements.
	{kind: KindPassword, group: 1, words: []string{"pass", "pwd"}, find: regexp.MustCompile(
		`(?i)\b(?:passw(?:or)?d|passphrase|pwd)\s+(?:is|was|of)\s+["']?([^\s"']+)`), accept: notProse},
	{kind: KindPassword, group: 1, words: []string{"pass", "identified by", "secret"}, find: regexp.MustCompile(
		`(?i)\b(?:passw(?:or)?d|passphrase|identified\s+by(?:\s+password)?|secret)\s+` + inQuotes), accept: fieldValue},
	{kind: KindPassword, group: 1, words: []string{"insert"}, find: regexp.MustCompile(
		`(?i)\binsert\s+into\b[^()]*\([^()]*(?:` + secretWord + `)[^()]*\)\s*values\s*\(([^()]*)\)`)},
	{kind: KindPassword, group: 1, words: secretWords, find: regexp.MustCompile(
		`(?i)<[\w:.-]*(?:` + secretWord + `)[\w.-]*(?:\s[^>]*)?>([^<]+)<`), accept: fieldValue},
	{kind: KindPassword, group: 1, words: secretWords, find: regexp.MustCompile(
		`(?i)["'](?:name|key)\\*["']\s*:\s*\\*["'][\w.-]*(?:` + secretWord + `|authorization|cookie)[\w.-]*\\*["']\s*,\s*\\*["']value\\*["']\s*:\s*\\*["']([^"'\\]+)`), accept: fieldValue},
	// Tokens by their shape; JSON in base64 begins as JSON web tokens do.
	{kind: KindSecret, words: []string{"eyj"}, find: regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,3}`)},
	{kind: KindSecret, words: []string{"eyj"}, find: regexp.MustCompile(`\beyJ[A-Za-z0-9+/_-]{16,}={0,2}`)},
	{kind: KindSecret, words: []string{"mii"}, find: regexp.MustCompile(`\bMII[A-Za-z0-9+/]{24,}={0,2}`)},
}, tokenRules...), []rule{
	{kind: KindSecret, find: regexp.MustCompile(`[A-Za-z0-9+/_-]{40,}={0,2}`), accept: isDense},
	{kind: KindEmail, words: []string{"@", "%40", "u0040"}, weak: true, find: regexp.MustCompile(
		`[\p{L}\p{N}_][\p{L}\p{N}._%+'~-]*(?:@|%40|\\+u0040)(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?\.)+\p{L}{2,}`)},
	{kind: KindCard, search: cards},
}...)

var ipRules = []rule{
	{kind: KindIP, words: []string{"."}, weak: true, find: regexp.MustCompile(`\b\d{1,3}(?:\.\d{1,3}){3}\b`), accept: isIP},
	{kind: KindIP, words: []string{":"}, weak: true, find: regexp.MustCompile(`[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:\.\d{1,3}){0,3}`), accept: isIP},
}

// matches are the places in a text that the rule replaces.
func (r *rule) matches(text string) []place {
	if r.search != nil {
		return r.search(text)
	}
	var found []place
	for _, m := range r.find.FindAllStringSubmatchIndex(text, -1) {
		start, end := m[0], m[1]
		if r.group > 0 {
			start, end = -1, -1
			for g := r.group; 2*g+1 < len(m) && start < 0; g++ {
				start, end = m[2*g], m[2*g+1]
			}
		}
		if start < 0 || start == end || r.accept != nil && !r.accept(text, start, end) {
			continue
		}
		for r.whole && end < len(text) && isAlnum(text[end]) {
			end++
		}
		found = append(found, place{start, end, r.kind, r.weak})
	}
	return found
}

// place is what is to be replaced of a text, in bytes.
type place struct {
	start, end int
	kind       string
	weak       bool
}
