package logline

import "strings"

// unwrap takes off what container runtimes and syslog put before a line, and returns the severity
// that they state, 0 where they state none.
func unwrap(line string) (rest string, stated int32) {
	line = strings.TrimPrefix(trimBlanks(line), "\ufeff")
	if pri, n := syslogPriority(line); n > 0 {
		line, stated = strings.TrimLeft(line[n:], " "), levelOfSyslog(int64(pri%8))
	}
	if n := criPrefix(line); n > 0 {
		line = line[n:]
	}
	return line, stated
}

func trimBlanks(s string) string {
	for s != "" && isBlank(s[0]) {
		s = s[1:]
	}
	return s
}

// syslogPriority reads "<11>", and the version of RFC 5424 after it.
func syslogPriority(s string) (priority, n int) {
	if len(s) < 3 || s[0] != '<' {
		return 0, 0
	}
	n = 1
	for n < len(s) && n <= 3 && isDigit(s[n]) {
		priority = 10*priority + int(s[n]-'0')
		n++
	}
	if n == 1 || n >= len(s) || s[n] != '>' || priority > 191 {
		return 0, 0
	}
	n++
	if strings.HasPrefix(s[n:], "1 ") {
		n += len("1 ")
	}
	return priority, n
}

// criPrefix is the length of "2026-01-02T15:04:05.9Z stderr F ", which container runtimes write
// before each line.
func criPrefix(s string) int {
	if s == "" || !isDigit(s[0]) {
		return 0
	}
	head := s[:min(len(s), len("2006-01-02T15:04:05.999999999+07:00 stderr F "))]
	t, rest, _ := strings.Cut(head, " ")
	if len(t) < len("2006-01-02T15:04:05Z") || t[10] != 'T' {
		return 0
	}
	stream, rest, _ := strings.Cut(rest, " ")
	if stream != "stderr" && stream != "stdout" || len(rest) < 2 || rest[0] != 'F' && rest[0] != 'P' || rest[1] != ' ' {
		return 0
	}
	return len(t) + 1 + len(stream) + 1 + 2
}

// plain returns a line without the escapes by which terminals colour it. It allocates only where
// there are some.
func plain(s string) string {
	if strings.IndexByte(s[:min(len(s), maxHead)], '\x1b') < 0 {
		return s
	}
	var b strings.Builder
	for {
		before, after, found := strings.Cut(s, "\x1b[")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		n := 0
		for n < len(after) && (isDigit(after[n]) || after[n] == ';') {
			n++
		}
		s = after[min(n+1, len(after)):] // with the letter that ends the escape
	}
}

func isDigit(b byte) bool  { return b >= '0' && b <= '9' }
func isUpper(b byte) bool  { return b >= 'A' && b <= 'Z' }
func isLetter(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' || b >= 0x80 }

// Content returns a line without what a container runtime puts around it; its indentation stays.
func Content(line string) string {
	line = line[criPrefix(line):]
	if strings.HasPrefix(line, `{"log":"`) {
		if m, ok := decode(line, 0); ok {
			line = m.Str("log")
		}
	}
	return strings.TrimRight(line, "\r\n")
}
