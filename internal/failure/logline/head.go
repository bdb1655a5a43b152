package logline

import "strings"

// levelOfHead reads the layouts that are told by how a line starts.
func levelOfHead(s string) (level int32, message int) {
	switch {
	case s == "":
		return 0, 0
	case s[0] == '=':
		return erlangReport(s)
	case isUpper(s[0]) && len(s) > 2:
		if level, message = glogLevel(s); level != 0 {
			return level, message
		}
		if s[1] == ',' && strings.HasPrefix(s[2:], " [") {
			return rubyLevel(s)
		}
		if s[1] == '/' && isLetter(s[2]) { // logcat's brief form
			return levelOfLetter(s[0]), 2
		}
	}
	return 0, 0
}

// glogLevel reads "E0102 15:04:05.123456 12 file.go:7] message" of glog, klog and what came of
// them; some write the year too.
func glogLevel(s string) (level int32, message int) {
	digits := 1
	for digits < len(s) && isDigit(s[digits]) {
		digits++
	}
	if digits != 5 && digits != 7 && digits != 9 || digits+3 > len(s) || s[digits] != ' ' || !isDigit(s[digits+1]) {
		return 0, 0
	}
	if end := strings.Index(s[:min(len(s), maxHead)], "] "); end > 0 {
		message = end + len("] ")
	}
	return levelOfLetter(s[0]), message
}

// rubyLevel reads "E, [2026-01-02T15:04:05.123456 #7] ERROR -- program: message".
func rubyLevel(s string) (level int32, message int) {
	const dashes = " -- "
	if end := strings.Index(s[:min(len(s), maxHead)], dashes); end > 0 {
		message = end + len(dashes)
		if colon := strings.Index(s[message:min(len(s), message+maxGroup)], ": "); colon >= 0 {
			message += colon + len(": ")
		}
	}
	return levelOfLetter(s[0]), message
}

var erlangReports = []struct {
	prefix string
	level  int32
}{
	{"=ERROR REPORT=", errorLevel}, {"=CRASH REPORT=", errorLevel}, {"=SUPERVISOR REPORT=", errorLevel},
	{"=WARNING REPORT=", warnLevel}, {"=INFO REPORT=", infoLevel}, {"=NOTICE REPORT=", infoLevel},
	{"=PROGRESS REPORT=", infoLevel}, {"=DEBUG REPORT=", debugLevel},
	{"=CRITICAL REPORT=", fatalLevel}, {"=ALERT REPORT=", fatalLevel}, {"=EMERGENCY REPORT=", fatalLevel},
}

// erlangReport reads the reports of Erlang's own logger.
func erlangReport(s string) (level int32, message int) {
	for _, r := range erlangReports {
		if strings.HasPrefix(s, r.prefix) {
			return r.level, 1 + strings.IndexByte(s, '\n')
		}
	}
	return 0, 0
}

var phpErrors = []struct {
	name  string
	level int32
}{
	{"Fatal error", errorLevel}, {"Parse error", errorLevel}, {"Recoverable fatal error", errorLevel},
	{"Catchable fatal error", errorLevel}, {"Core error", errorLevel}, {"Compile error", errorLevel},
	{"Warning", warnLevel}, {"Notice", infoLevel}, {"Deprecated", infoLevel}, {"Strict Standards", infoLevel},
}

// phpError reads what PHP reports after its name: "Fatal error:  message".
func phpError(s string) (level int32, n int) {
	for _, e := range phpErrors {
		if strings.HasPrefix(s, e.name) && strings.HasPrefix(s[len(e.name):], ":") {
			return e.level, len(e.name) + 1
		}
	}
	return 0, 0
}
