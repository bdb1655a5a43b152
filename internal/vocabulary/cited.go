package vocabulary

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/semconv"
)

// Statuses are cited in forms that have no literal by which a row could be found, such as Unavailable (503);
// what a client writes besides is in its rows, with codes_of.
var (
	sqlStateText = regexp.MustCompile(`(?i)\bSQL[ _-]?STATE[ :=(\["']*([0-9A-Z]{5})\b`)
	httpText     = regexp.MustCompile(`(?i)(?:\bstatus(?:[ _-]?code)?[ :="'(]*|\bHTTP(?:/[0-9.]+)?[ :]+|\bHttp(?:Client|Server)Error[A-Za-z$]*:? ?|\b(?:returned|answered|responded|replied|upstream)(?: with)?(?: an?)?(?: HTTP)?(?: status)?(?: code)?:? )([1-5][0-9]{2})\b`)
	httpPhrase   = regexp.MustCompile(`\b([45][0-9]{2}) (?:Bad Request|Unauthorized|Forbidden|Not Found|Method Not Allowed|Proxy Auth|Request Timeout|Conflict|Gone|Unprocessable|Too Many|Internal Server Error|Not Implemented|Bad Gateway|Service Unavailable|Gateway Time)`)
	namedStatus  = regexp.MustCompile(`\b[A-Z][A-Za-z]+ \(([45][0-9]{2})\)`)
	springStatus = regexp.MustCompile(`Http(?:Client|Server)ErrorException[$A-Za-z]*: ([45][0-9]{2})`)
	grpcText     = regexp.MustCompile(`(?:rpc error: code = |StatusCode\.|StatusCode="|StatusRuntimeException: |StatusException: )([A-Za-z_]+)`)
)

// SQLStateIn returns the SQLSTATE that a text cites, "" where it cites none.
func SQLStateIn(text string) string {
	if !strings.Contains(text, "STATE") && !strings.Contains(text, "tate") {
		return ""
	}
	if m := sqlStateText.FindStringSubmatch(text); m != nil {
		return strings.ToUpper(m[1])
	}
	return ""
}

// HTTPStatusIn returns the failed HTTP status of a peer's answer that a text cites, 0 where it cites none.
func HTTPStatusIn(text string) int {
	if !hasFailedStatus(text) {
		return 0
	}
	for _, re := range []*regexp.Regexp{springStatus, httpPhrase, httpText, namedStatus} {
		for _, m := range re.FindAllStringSubmatch(text, 4) {
			if status, err := strconv.Atoi(m[1]); err == nil && status >= 400 {
				return status
			}
		}
	}
	return 0
}

// hasFailedStatus reports whether a number from 400 to 599 stands in the text by itself.
func hasFailedStatus(text string) bool {
	for i := 0; i+3 <= len(text); i++ {
		if (text[i] == '4' || text[i] == '5') && isDigit(text[i+1]) && isDigit(text[i+2]) &&
			(i == 0 || !isWordByte(text[i-1])) && (i+3 == len(text) || !isWordByte(text[i+3])) {
			return true
		}
	}
	return false
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

// RPCStatusIn returns the name of the gRPC status that a text cites, "" where it cites none.
func RPCStatusIn(text string) string {
	if strings.Contains(text, "rpc error") || strings.Contains(text, "Status") {
		if m := grpcText.FindStringSubmatch(text); m != nil {
			return string(semconv.RPCStatusNamed(m[1]))
		}
	}
	return numberedStatusIn(text)
}

// numberedStatusIn is the gRPC status that a text cites as Node writes it, 13 INTERNAL: text; "" where
// none.
func numberedStatusIn(text string) string {
	for rest := text; ; {
		before, after, found := strings.Cut(rest, ":")
		if !found {
			return ""
		}
		rest = after
		space := strings.LastIndexByte(before, ' ')
		if space < 0 {
			continue
		}
		name := before[space+1:]
		head := strings.TrimRight(before[:space], "0123456789")
		number := before[len(head):space]
		if number == "" || head != "" && (head[len(head)-1] == '-' || isWordByte(head[len(head)-1])) {
			continue
		}
		if code, err := strconv.Atoi(number); err == nil && code > 0 && name != "" && string(semconv.RPCStatusNumbered(int64(code))) == name {
			return name
		}
	}
}
