package logline

// field is what a field of a structured record is to its logger.
type field uint8

const (
	fieldOther        field = iota
	fieldLevel              // the name of a level, or its logger's number
	fieldGoogle             // the same, or Google Cloud's number
	fieldPriority           // syslog's number, as journald writes it
	fieldPython             // the number of Python's logging
	fieldAzure              // the number of Application Insights
	fieldOTel               // the number of OpenTelemetry
	fieldLetter             // MongoDB's letter
	fieldSyslog             // no level, but a sign that levels are syslog's numbers
	fieldShortMessage       // the message of a record whose levels are syslog's numbers
	fieldMessage            // the message
	fieldEvent              // the message, where there is no other
	fieldError              // an error: an object, or all that is said of it
	fieldErrorText          // its message
	fieldErrorType          // its class
	fieldStack              // its stack
	fieldName               // its class, within an object that is an error
	fieldInner              // an object with more fields of the record
)

// maxName is the length of the longest name of a field, in bytes.
const maxName = 24

// fieldOf tells a field by its name, in any case and with any separators.
func fieldOf(key string) field {
	switch key {
	case "s":
		return fieldLetter
	case "@l":
		return fieldLevel
	case "@m", "@mt":
		return fieldMessage
	case "@x":
		return fieldError
	}
	if len(key) < 2 || len(key) > maxName {
		return fieldOther
	}
	var name [maxName]byte
	n := 0
	for i := range len(key) {
		switch c := key[i]; {
		case c == '.' || c == '_' || c == '-' || c == '@':
			continue
		case isUpper(c):
			name[n] = c | 0x20
		default:
			name[n] = c
		}
		n++
	}
	switch string(name[:n]) {
	case "level", "lvl", "loglevel", "levelname", "levelvalue", "severitytext", "logseverity", "loglevelname":
		return fieldLevel
	case "severity":
		return fieldGoogle
	case "priority", "syslogseverity", "syslogseveritycode", "logsyslogseveritycode":
		return fieldPriority
	case "levelno":
		return fieldPython
	case "severitylevel":
		return fieldAzure
	case "severitynumber":
		return fieldOTel
	case "facility", "syslogfacility":
		return fieldSyslog
	case "message", "msg", "textpayload", "renderedmessage", "formattedmessage":
		return fieldMessage
	case "shortmessage": // of GELF, whose levels are syslog's
		return fieldShortMessage
	case "log", "event":
		return fieldEvent
	case "error", "err", "exception", "exc", "excinfo", "ex", "cause", "thrown", "throwable":
		return fieldError
	case "errormessage", "errormsg", "errmessage", "errmsg", "exceptionmessage", "errorobject":
		return fieldErrorText
	case "errortype", "errorkind", "errorclass", "errorname", "errtype", "errname", "exceptiontype", "exceptionclass", "exctype":
		return fieldErrorType
	case "stack", "stacktrace", "backtrace", "traceback", "extendedstacktrace", "errorverbose", "fullmessage", "exctext",
		"errorstack", "errorstacktrace", "errstack", "exceptionstack", "exceptionstacktrace":
		return fieldStack
	case "name", "type", "class", "kind":
		return fieldName
	case "fields", "context", "jsonpayload", "attributes", "properties":
		return fieldInner
	}
	return fieldOther
}
