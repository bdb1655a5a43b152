package failure

import (
	"strconv"
	"strings"
)

// context is what was written before a word; it gives a number its meaning, as in "status 503".
type context struct {
	word, earlier string // the last two words
	gap           int    // bytes since word
}

func (c context) next(kept string) context {
	switch {
	case strings.HasPrefix(kept, "HTTP/"):
		kept = "HTTP"
	case c.is("error") && digitsLen(kept) == len(kept):
		kept = "mysql" // its SQLSTATE comes next, in parentheses
	}
	return context{word: kept, earlier: c.word}
}

// skip notes a byte between words. What is far away, or in another clause, gives no meaning.
func (c *context) skip(b byte) {
	c.gap++
	if c.gap > 4 || strings.IndexByte(" =:([/\\.-#_", b) < 0 {
		*c = context{}
	}
}

func (c context) is(words ...string) bool    { return equalsAny(c.word, words) }
func (c context) after(words ...string) bool { return equalsAny(c.earlier, words) }

func equalsAny(s string, words []string) bool {
	for _, w := range words {
		if strings.EqualFold(s, w) {
			return true
		}
	}
	return false
}

// announcesIdentifier reports whether an identifier follows: "request ID: ", "token=".
func (c context) announcesIdentifier() bool {
	return c.word != "" && c.gap <= 3 && endsWithKey(c.word, announcers)
}

var announcers = setOf(`id ids uid uuid guid token etag sha digest checksum nonce cursor fingerprint commit revision`)

// namesCode reports whether the name of something in a program or schema follows: a column, a
// property, a method.
func (c context) namesCode() bool {
	return c.word != "" && c.gap <= 2 && codeNouns[c.word]
}

var codeNouns = setOf(`
	reading setting evaluating property attribute method function invoke because field variable constant column relation table
	constraint class trait interface package named global`)

// keeps returns the length of the code that starts here and tells errors apart, so that it must
// stay: an HTTP status, SQLSTATE, vendor, gRPC, errno or exit code. 0 if there is none. n is the
// length of the word that rest starts with.
func (c context) keeps(rest string, n int, prev byte) int {
	if n := max(matchHTTPVersion(rest), matchVendorCode(rest), matchStatusClass(rest)); n > 0 {
		return n
	}
	if placeholderAt(rest[n:]) > 0 {
		return 0
	}
	word := rest[:n]
	switch {
	case n == sqlStateLen && isSQLState(word, c.is("sqlstate", "errcode") || c.is("mysql") && prev == '('):
		return n
	case digitsLen(word) != n:
		if c.announcesCode() && isLetteredCode(word) || isHRESULT(word) {
			return n
		}
		return 0
	case !continuesNumber(rest[n:]) && c.keepsNumber(word, rest[n:], prev):
		return n
	}
	return 0
}

// announcesCode reports whether an error's code follows.
func (c context) announcesCode() bool {
	return c.is("errorcode", "errcode") || c.is("code") && (c.earlier == "" || c.after("error", "err", "exit", "reason", "vendor", "sql", "native"))
}

// isLetteredCode matches codes such as P2002, H12 and SQL0204N.
func isLetteredCode(w string) bool {
	letters := spanLen(w, isUpper)
	digits := digitsLen(w[letters:])
	return letters > 0 && letters <= 8 && digits > 0 && digits <= 6 && len(w)-letters-digits <= 1
}

// isHRESULT matches Windows' result codes, as 0x80070005, and its exceptions, as 0xC0000005.
func isHRESULT(w string) bool {
	return len(w) == len("0x80070005") && (strings.HasPrefix(w, "0x800") || strings.HasPrefix(strings.ToUpper(w), "0XC00000"))
}

func (c context) keepsNumber(digits, tail string, prev byte) bool {
	value, err := strconv.Atoi(digits)
	if err != nil || len(digits) > 5 {
		return false
	}
	status := len(digits) == 3 && value >= 100 && value <= 599
	failed := status && value >= 400
	switch {
	case c.is("status", "statuscode", "httpstatus", "http", "https", "code", "response", "responded", "answered") && status:
		return true
	case c.is("code", "status") && value <= 16:
		return true // gRPC
	case c.is("errno", "sqlcode", "exitcode", "errorcode", "signal") && c.gap > 0, c.word == "Msg", c.is("error") && c.after("os", "sql", "socket", "system"),
		c.is("code") && c.after("error", "err", "sql", "vendor", "exit", "native"),
		c.is("with", "status") && c.after("exited", "exit", "exits"), c.is("exited"):
		return true
	case c.is("error") && len(digits) == 4 && (strings.HasPrefix(tail, " (") || strings.HasPrefix(tail, ":")):
		return true // MySQL
	case prev == '(' && len(digits) == 4 && (strings.HasPrefix(tail, `, "`) || strings.HasPrefix(tail, ", '") || strings.HasPrefix(tail, ", <")):
		return true // MySQL's, as Python shows them
	case failed && followsReason(value, tail):
		return true
	case failed && c.is("with", "returned", "returns", "returning", "got", "error", "failed", "received", "gave", "upstream"):
		return endsStatement(tail)
	default:
		return failed && prev == '(' && strings.HasPrefix(tail, ")")
	}
}

// endsStatement reports whether what comes next is no noun that the number could count.
func endsStatement(tail string) bool {
	if tail == "" || strings.IndexByte(":;,.)]\n", tail[0]) >= 0 || strings.HasPrefix(tail, " (") {
		return true
	}
	if tail[0] != ' ' {
		return false
	}
	next := tail[1:]
	return equalsAny(next[:alnumLen(cut(next, len("calling")+1))], []string{
		"for", "from", "on", "to", "at", "by", "in", "when", "while", "after", "calling", "and", "instead",
	})
}

// continuesNumber reports whether the digits before are only the first part of a time, date,
// address or fraction.
func continuesNumber(tail string) bool {
	return len(tail) >= 2 && strings.IndexByte(".,:-/", tail[0]) >= 0 && isDigit(tail[1])
}

// statusReasons are the first words of the reasons of HTTP's error statuses.
var statusReasons = map[int]string{
	400: "Bad", 401: "Unauthorized", 402: "Payment", 403: "Forbidden", 404: "Not", 405: "Method", 406: "Not", 407: "Proxy",
	408: "Request", 409: "Conflict", 410: "Gone", 411: "Length", 412: "Precondition", 413: "Request", 414: "Request",
	415: "Unsupported", 416: "Requested", 417: "Expectation", 421: "Misdirected", 422: "Unprocessable", 423: "Locked",
	424: "Failed", 425: "Too", 426: "Upgrade", 428: "Precondition", 429: "Too", 431: "Request", 451: "Unavailable",
	500: "Internal", 501: "Not", 502: "Bad", 503: "Service", 504: "Gateway", 505: "HTTP", 507: "Insufficient", 508: "Loop",
	511: "Network",
}

// followsReason reports whether the status is written with its reason, as in "503 Service
// Unavailable".
func followsReason(status int, tail string) bool {
	reason := statusReasons[status]
	if reason == "" || len(tail) <= len(reason) || tail[0] != ' ' {
		return false
	}
	return strings.EqualFold(tail[1:len(reason)+1], reason) && !startsWord(tail[len(reason)+1:])
}

// matchHTTPVersion matches "HTTP/1.1" and "HTTP/2".
func matchHTTPVersion(s string) int {
	c := cursor{s: s}
	if !c.lit("HTTP/") || !c.digits(1, 1) {
		return 0
	}
	c.opt(func() bool { return c.lit(".") && c.digits(1, 1) })
	return c.end()
}

// vendorPrefixes are those of the codes of Oracle and its drivers, MongoDB, Prisma, Azure and DB2, with
// the number of digits that follow.
var vendorPrefixes = []struct {
	prefix      string
	least, most int
}{
	{"ORA-", 3, 5}, {"TNS-", 3, 5}, {"PLS-", 3, 5}, {"DPI-", 4, 4}, {"DPY-", 4, 4}, {"MY-", 6, 6}, {"E11", 3, 3}, {"P10", 2, 2}, {"P20", 2, 2},
	{"AADSTS", 4, 7}, {"IDX", 5, 5}, {"HHH", 6, 6}, {"SQL", 4, 5},
}

// matchVendorCode matches codes such as ORA-00060 and E11000.
func matchVendorCode(s string) int {
	if !isUpper(s[0]) {
		return 0
	}
	for _, v := range vendorPrefixes {
		c := cursor{s: s}
		if s[0] == v.prefix[0] && c.lit(v.prefix) && c.digits(v.least, v.most) {
			c.opt(func() bool { return v.prefix == "SQL" && c.lit("N") })
			return c.end()
		}
	}
	return 0
}

// matchStatusClass matches "4xx" and "5xx".
func matchStatusClass(s string) int {
	if len(s) >= 3 && s[0] >= '1' && s[0] <= '5' && strings.EqualFold(s[1:3], "xx") && !startsWord(s[3:]) {
		return 3
	}
	return 0
}

// sqlStateClasses are the first two characters of SQLSTATE codes.
const sqlStateClasses = " 00 01 02 03 07 08 09 0A 0B 0F 0L 0P 0Z 20 21 22 23 24 25 26 27 28 2B 2D 2F 34 38 39 3B 3D 3F" +
	" 40 42 44 53 54 55 57 58 72 F0 HV HY P0 S0 XX "

const sqlStateLen = 5

// isSQLState reports whether five characters are a SQLSTATE. Without a word that says so, only those
// with a letter are recognised.
func isSQLState(s string, announced bool) bool {
	letters := 0
	for i := range len(s) {
		switch {
		case s[i] >= 'A' && s[i] <= 'Z':
			letters++
		case !isDigit(s[i]):
			return false
		}
	}
	if announced {
		return true
	}
	return letters > 0 && letters < len(s) && strings.Contains(sqlStateClasses, " "+s[:2]+" ")
}
