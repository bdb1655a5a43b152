package failure

import "strings"

// path handles a separator of a path: what follows a directory of temporary files, or of the users'
// homes, varies. It reports whether something was replaced.
func (p *parameterizer) path() bool {
	if !p.inWord || p.before.gap != 0 || p.pos+1 >= len(p.in) {
		return false
	}
	before := p.pos - len(p.before.word) - 1
	if before < 0 || p.in[before] != '/' && p.in[before] != '\\' {
		return false
	}
	rest := p.in[p.pos+1:]
	n, placeholder := 0, phPath
	switch p.before.word {
	case "tmp", "temp", "Temp", "TEMP", "shm":
		n = pathLen(rest)
	case "folders": // of macOS
		if p.before.earlier == "var" {
			n = pathLen(rest)
		}
	case "home", "Users":
		n, placeholder = pathLen(cutAtSeparator(rest)), phID
	}
	if n == 0 {
		return false
	}
	p.pos++
	p.replace(n, placeholder)
	return true
}

// pathLen is the length of the path that starts here.
func pathLen(s string) int {
	n := strings.IndexAny(s, " \t\n\r'\"`<>|,;:()[]{}")
	if n < 0 {
		n = len(s)
	}
	return len(strings.TrimRight(s[:n], ".!?/\\"))
}

func cutAtSeparator(s string) string {
	if i := strings.IndexAny(s, `/\`); i >= 0 {
		return s[:i]
	}
	return s
}
