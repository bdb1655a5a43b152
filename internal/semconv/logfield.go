package semconv

// LogField is what a field of a structured log record, or an attribute of a logger's own, says.
type LogField uint8

// The fields that say how severe a record is, and what it tells of an error.
const (
	LogFieldOther          LogField = iota
	LogFieldLevel                   // the name of a level, or its logger's number
	LogFieldGoogleLevel             // the same, or Google Cloud's number
	LogFieldPriority                // syslog's number, as journald writes it
	LogFieldPythonLevel             // the number of Python's logging
	LogFieldAzureLevel              // the number of Application Insights
	LogFieldSeverityNumber          // the number of OpenTelemetry
	LogFieldLetter                  // MongoDB's letter
	LogFieldFacility                // no level, but a sign that levels are syslog's numbers
	LogFieldShortMessage            // the message of GELF, whose levels are syslog's numbers
	LogFieldMessage                 // the message
	LogFieldEvent                   // the message where there is no other
	LogFieldError                   // an error: an object, or all that is said of it
	LogFieldErrorMessage            // its message
	LogFieldErrorType               // its class
	LogFieldStack                   // its stack
	LogFieldName                    // its class, within an object that is an error
	LogFieldInner                   // an object with more fields of the record
)

// maxLogField is the length of the longest name, in bytes.
const maxLogField = 24

// LogFieldOf tells a field of a structured log record by its name, in any case and with any
// separators, as the common loggers write it.
func LogFieldOf(key string) LogField {
	switch key {
	case "s":
		return LogFieldLetter
	case "@l":
		return LogFieldLevel
	case "@m", "@mt":
		return LogFieldMessage
	case "@x":
		return LogFieldError
	}
	if len(key) < 2 || len(key) > maxLogField {
		return LogFieldOther
	}
	var name [maxLogField]byte
	switch string(foldName(&name, key)) {
	case "level", "lvl", "loglevel", "levelname", "levelvalue", "severitytext", "logseverity", "loglevelname":
		return LogFieldLevel
	case "severity":
		return LogFieldGoogleLevel
	case "priority", "syslogseverity", "syslogseveritycode", "logsyslogseveritycode":
		return LogFieldPriority
	case "levelno":
		return LogFieldPythonLevel
	case "severitylevel":
		return LogFieldAzureLevel
	case "severitynumber":
		return LogFieldSeverityNumber
	case "facility", "syslogfacility":
		return LogFieldFacility
	case "message", "msg", "textpayload", "renderedmessage", "formattedmessage":
		return LogFieldMessage
	case "shortmessage":
		return LogFieldShortMessage
	case "log", "event":
		return LogFieldEvent
	case "error", "err", "exception", "exc", "excinfo", "ex", "cause", "thrown", "throwable":
		return LogFieldError
	case "errormessage", "errormsg", "errmessage", "errmsg", "exceptionmessage", "errorobject":
		return LogFieldErrorMessage
	case "errortype", "errorkind", "errorclass", "errorname", "errtype", "errname", "exceptiontype", "exceptionclass", "exctype":
		return LogFieldErrorType
	case "stack", "stacktrace", "backtrace", "traceback", "extendedstacktrace", "errorverbose", "fullmessage", "exctext",
		"errorstack", "errorstacktrace", "errstack", "exceptionstack", "exceptionstacktrace":
		return LogFieldStack
	case "name", "type", "class", "kind":
		return LogFieldName
	case "fields", "context", "jsonpayload", "attributes", "properties":
		return LogFieldInner
	}
	return LogFieldOther
}

// foldName writes a field's name in lower case and without separators. The name must fit.
func foldName(into *[maxLogField]byte, key string) []byte {
	n := 0
	for i := range len(key) {
		switch c := key[i]; {
		case c == '.' || c == '_' || c == '-' || c == '@':
			continue
		case c >= 'A' && c <= 'Z':
			into[n] = c | 0x20
		default:
			into[n] = c
		}
		n++
	}
	return into[:n]
}

// LogFile returns the file that a record was read from.
func LogFile[A Attributes](attrs A) string { return attrs.Str(keyLogFilePath) }
