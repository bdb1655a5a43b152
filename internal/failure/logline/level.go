package logline

import (
	"cmp"
	"strings"
)

// Severities of the OpenTelemetry log data model, the first of each range.
const (
	traceLevel int32 = 1
	debugLevel int32 = 5
	infoLevel  int32 = 9
	warnLevel  int32 = 13
	errorLevel int32 = 17
	fatalLevel int32 = 21
)

// maxLevel is the length of the longest name of a level, in bytes.
const maxLevel = 16

// Level returns the severity that a level's name has, in any language's logger and spelling, or a
// number in its place; 0 where the text names none.
func Level(name string) int32 {
	name = strings.TrimSpace(name)
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 { // logging.ERROR
		name = name[dot+1:]
	}
	if n, ok := number(name); ok {
		return levelOfNumber(n)
	}
	base := strings.TrimRight(name, "0123456789") // ERROR+2, ERROR2
	base = strings.TrimRight(base, "+-")
	if len(base) == 1 {
		return levelOfLetter(base[0])
	}
	return cmp.Or(levelOfWord(base), levelOfRareWord(base))
}

// levelOfWord returns the severity of a level's name in any case, 0 where the word is none.
func levelOfWord(word string) int32 {
	if len(word) < 3 || len(word) > maxLevel {
		return 0
	}
	var lower [maxLevel]byte
	for i := range len(word) {
		c := word[i]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		lower[i] = c
	}
	switch string(lower[:len(word)]) {
	case "trace", "trce", "trac", "trc", "verbose", "vrb":
		return traceLevel
	case "debug", "debu", "dbug", "dbg":
		return debugLevel
	case "info", "inf", "notice":
		return infoLevel
	case "warn", "warning", "wrn":
		return warnLevel
	case "error", "err", "eror", "erro", "severe":
		return errorLevel
	case "fatal", "fata", "ftl", "critical", "crit", "alert", "emergency", "emerg", "panic", "dpanic":
		return fatalLevel
	}
	return 0
}

// levelOfRareWord returns the severity of names that are also words of other meanings, which a
// layout must mark as a level. Some runtimes translate theirs.
func levelOfRareWord(word string) int32 {
	switch strings.ToLower(word) {
	case "finest", "finer", "silly":
		return traceLevel
	case "deb", "fine":
		return debugLevel
	case "information", "informational", "success", "config",
		"log", "detail", "hint", "statement", "context": // PostgreSQL
		return infoLevel
	case "warnung", "avertissement", "advertencia":
		return warnLevel
	case "fail", "failure", "fehler", "erreur", "schwerwiegend", "grave", "ошибка", "错误", "エラー":
		return errorLevel
	case "fault":
		return fatalLevel
	}
	return 0
}

// levelOfLetter is the severity for which glog, logcat, Rails and others have one letter.
func levelOfLetter(c byte) int32 {
	switch c {
	case 'T', 'V':
		return traceLevel
	case 'D':
		return debugLevel
	case 'I', 'N':
		return infoLevel
	case 'W':
		return warnLevel
	case 'E':
		return errorLevel
	case 'F', 'C':
		return fatalLevel
	}
	return 0
}

// levelOfNumber is the severity of a level that is a number of its own logger: those of Bunyan and
// Pino, of Monolog, and of Logback. What could be another's is none.
func levelOfNumber(n int64) int32 {
	switch n {
	case 10, 5000:
		return traceLevel
	case 20, 100, 10000:
		return debugLevel
	case 30, 200, 250, 20000:
		return infoLevel
	case 40, 300, 30000:
		return warnLevel
	case 50, 400, 40000:
		return errorLevel
	case 60, 500, 550, 600:
		return fatalLevel
	}
	return 0
}

// levelOfSyslog is the severity of syslog's eight, of which 0 is the worst.
func levelOfSyslog(n int64) int32 {
	switch n {
	case 0, 1, 2:
		return fatalLevel
	case 3:
		return errorLevel
	case 4:
		return warnLevel
	case 5, 6:
		return infoLevel
	case 7:
		return debugLevel
	}
	return 0
}

// levelOfGoogle is the severity of Google Cloud's numbers.
func levelOfGoogle(n int64) int32 {
	switch n {
	case 100:
		return debugLevel
	case 200, 300:
		return infoLevel
	case 400:
		return warnLevel
	case 500:
		return errorLevel
	case 600, 700, 800:
		return fatalLevel
	}
	return levelOfNumber(n)
}

// levelOfPython is the severity of the numbers of Python's logging.
func levelOfPython(n int64) int32 {
	switch {
	case n >= 50:
		return fatalLevel
	case n >= 40:
		return errorLevel
	case n >= 30:
		return warnLevel
	case n >= 20:
		return infoLevel
	case n > 0:
		return debugLevel
	}
	return 0
}

// levelOfAzure is the severity of the numbers of Application Insights.
func levelOfAzure(n int64) int32 {
	levels := [...]int32{debugLevel, infoLevel, warnLevel, errorLevel, fatalLevel}
	if n < 0 || n >= int64(len(levels)) {
		return 0
	}
	return levels[n]
}

// number reads a number as levels have it.
func number(s string) (int64, bool) {
	var n int64
	for i := range len(s) {
		if !isDigit(s[i]) || i > 8 {
			return 0, false
		}
		n = 10*n + int64(s[i]-'0')
	}
	return n, s != ""
}
