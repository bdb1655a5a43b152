package rca

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// signOfSQLState maps the classes of SQLSTATE; nil for success, warnings and no data.
func signOfSQLState(state string) *sign {
	if len(state) != 5 {
		return nil
	}
	switch state {
	case "55P03", "40P01", "40001":
		return &sign{rank: rankLock, category: incident.CategoryDatabaseLock, trait: traitPeerError, class: incident.ClassData}
	case "57014": // query_canceled: a statement timeout, or the caller's own wish
		return &sign{rank: rankTimeout, category: incident.CategoryTimeout, trait: traitTimeout, class: incident.ClassTimeout}
	case "57P01", "57P02", "57P03":
		return &sign{rank: rankUnavailable, category: incident.CategoryDependencyUnavailable, trait: traitTransport, class: incident.ClassUnavailable}
	case "42501":
		return &sign{rank: rankAuthorization, category: incident.CategoryAuthorization, trait: traitRefusal, class: incident.ClassRefused}
	}
	switch state[:2] {
	case "00", "01", "02":
		return nil
	case "08":
		return &sign{rank: rankUnavailable, category: incident.CategoryDependencyUnavailable, trait: traitTransport, class: incident.ClassUnavailable}
	case "28":
		return &sign{rank: rankAuthentication, category: incident.CategoryAuthentication, trait: traitRefusal, class: incident.ClassRefused}
	case "53":
		return &sign{rank: rankDatabase, category: incident.CategoryDatabaseError, trait: traitPeerError, class: incident.ClassResource}
	}
	return &sign{rank: rankDatabase, category: incident.CategoryDatabaseError, trait: traitPeerError, class: incident.ClassData}
}

// storeCodes are the codes of stores that have no SQLSTATE in place of one, by what they mean.
var storeCodes = map[string]map[string]*sign{
	"mysql": {
		"1205": signOfSQLState("40001"), "1213": signOfSQLState("40001"), "1040": signOfSQLState("53300"), "1203": signOfSQLState("53300"),
		"1045": signOfSQLState("28000"), "1044": signOfSQLState("42501"), "1142": signOfSQLState("42501"),
		"2002": signOfSQLState("08000"), "2003": signOfSQLState("08000"), "2006": signOfSQLState("08000"), "2013": signOfSQLState("08000"),
	},
	"microsoft.sql_server": {
		"1205": signOfSQLState("40001"), "1222": signOfSQLState("40001"), "18456": signOfSQLState("28000"), "229": signOfSQLState("42501"),
		"-2": signOfSQLState("57014"), "53": signOfSQLState("08000"),
	},
	"mongodb": {
		"13": signOfSQLState("42501"), "18": signOfSQLState("28000"), "50": signOfSQLState("57014"), "112": signOfSQLState("40001"),
	},
}

// signOfStore says what the code means with which a store answered; nil where it is none of an error.
func signOfStore(system, code string) *sign {
	switch system {
	case "mariadb":
		system = "mysql"
	case "mssql":
		system = "microsoft.sql_server"
	case "elasticsearch", "opensearch":
		if status, err := strconv.Atoi(code); err == nil {
			return signOfHTTP(status)
		}
	}
	switch s := storeCodes[system][code]; {
	case s != nil:
		return s
	case len(code) == 5:
		return signOfSQLState(code)
	case code == "" || code == "0" || strings.EqualFold(code, "ok") || strings.HasPrefix(code, "2") && len(code) == 3:
		return nil
	}
	return signOfSQLState("HY000")
}

// signOfHTTP says what the status of a peer's answer means; nil below 400 and for the caller's
// business.
func signOfHTTP(status int) *sign {
	switch {
	case status == 401 || status == 407:
		return &sign{rank: rankAuthentication, category: incident.CategoryAuthentication, trait: traitRefusal, class: incident.ClassRefused}
	case status == 403:
		return &sign{rank: rankAuthorization, category: incident.CategoryAuthorization, trait: traitRefusal, class: incident.ClassRefused}
	case status == 408 || status == 504:
		return &sign{rank: rankTimeout, category: incident.CategoryTimeout, trait: traitTimeout, class: incident.ClassTimeout}
	case status == 429:
		return &sign{rank: rankRateLimited, category: incident.CategoryRateLimited, trait: traitPeerError, class: incident.ClassResource}
	case status == 499:
		return &sign{rank: rankCancel, category: incident.CategoryUnknown, trait: traitCancel}
	case status == 502 || status == 503:
		return &sign{rank: rankPeerError, category: incident.CategoryDependencyUnavailable, trait: traitPeerError, class: incident.ClassUnavailable}
	case status >= 500:
		return &sign{rank: rankPeerError, category: incident.CategoryUnknown, trait: traitPeerError, class: incident.ClassData}
	case status >= 400:
		return &sign{rank: rankPeerError, category: incident.CategoryBadData, trait: traitPeerError, class: incident.ClassData}
	}
	return nil
}

// signOfRPC says what a gRPC status name means; nil for OK.
func signOfRPC(name string) *sign {
	switch name {
	case "", "OK":
		return nil
	case "CANCELLED":
		return signOfHTTP(499)
	case "DEADLINE_EXCEEDED":
		return &sign{rank: rankTimeout, category: incident.CategoryTimeout, trait: traitTimeout, class: incident.ClassTimeout}
	case "UNAVAILABLE":
		return &sign{rank: rankUnavailable, category: incident.CategoryDependencyUnavailable, trait: traitTransport, class: incident.ClassUnavailable}
	case "UNAUTHENTICATED":
		return signOfHTTP(401)
	case "PERMISSION_DENIED":
		return signOfHTTP(403)
	case "RESOURCE_EXHAUSTED":
		return signOfHTTP(429)
	case "INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS", "FAILED_PRECONDITION", "OUT_OF_RANGE":
		return signOfHTTP(400)
	}
	return signOfHTTP(500)
}

var (
	sqlStateText = regexp.MustCompile(`(?i)\bSQL[ _-]?STATE[ :=(\["']*([0-9A-Z]{5})\b`)
	httpText     = regexp.MustCompile(`(?i)(?:\bstatus(?:[ _-]?code)?[ :="'(]*|\bHTTP(?:/[0-9.]+)?[ :]+|\bHttp(?:Client|Server)Error[A-Za-z$]*:? ?|\b(?:returned|answered|responded|replied|upstream)(?: with)?(?: an?)?(?: HTTP)?(?: status)?(?: code)?:? )([1-5][0-9]{2})\b`)
	httpPhrase   = regexp.MustCompile(`\b([45][0-9]{2}) (?:Bad Request|Unauthorized|Forbidden|Not Found|Method Not Allowed|Proxy Auth|Request Timeout|Conflict|Gone|Unprocessable|Too Many|Internal Server Error|Not Implemented|Bad Gateway|Service Unavailable|Gateway Time)`)
	namedStatus  = regexp.MustCompile(`\b[A-Z][A-Za-z]+ \(([45][0-9]{2})\)`)
	springStatus = regexp.MustCompile(`Http(?:Client|Server)ErrorException[$A-Za-z]*: ([45][0-9]{2})`)
	grpcText     = regexp.MustCompile(`(?:rpc error: code = |StatusCode\.|StatusCode="|StatusRuntimeException: |StatusException: )([A-Za-z_]+)`)
)

// sqlStateIn is the SQLSTATE a text cites, "" where none.
func sqlStateIn(text string) string {
	if !strings.Contains(text, "STATE") && !strings.Contains(text, "tate") {
		return ""
	}
	if m := sqlStateText.FindStringSubmatch(text); m != nil {
		return strings.ToUpper(m[1])
	}
	return ""
}

// httpStatusIn is the failed HTTP status of a peer's answer that a text cites, 0 where none.
func httpStatusIn(text string) int {
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

// hasFailedStatus tells whether a number from 400 to 599 stands in the text by itself.
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

// rpcStatusIn is the gRPC status name a text cites, "" where none.
func rpcStatusIn(text string) string {
	if strings.Contains(text, "rpc error") || strings.Contains(text, "Status") {
		if m := grpcText.FindStringSubmatch(text); m != nil {
			return statusName(m[1])
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
		if head != "" && isNameByte(head[len(head)-1]) {
			continue
		}
		if code, err := strconv.Atoi(number); err == nil && code > 0 && code < len(grpcNames) && grpcNames[code] == name {
			return name
		}
	}
}
