package failure

import (
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// SignatureVersion changes whenever SignatureOf gives another result for some input.
const SignatureVersion = 2

// The strategies of a signature, the most telling first.
const (
	StrategyFrames    = "frames"            // exception type with in-app frames
	StrategyException = "exception_message" // exception type with its message
	StrategyMessage   = "message"           // message with operation
	StrategyOperation = "operation"         // operation with status class
)

// Signature is what tells one error from another, with the strategy that contributed it
// (design section 6). Equal errors on different hosts, in different versions and with different
// values have equal signatures.
type Signature struct {
	Strategy string   // one of the strategies above
	Parts    []string // in hash order
}

const (
	// signatureFrames is how many in-app frames nearest the throw tell one error from another:
	// enough for a shared helper's callers, few enough that one bug reached from two entries is one.
	signatureFrames = 3
	// maxSignatureInput and maxSignatureMessage bound, in bytes, what is read and kept of a message.
	maxSignatureInput   = 8192
	maxSignatureMessage = 1024
)

// SignatureOf derives the signature of one error.
func SignatureOf(o Observed) Signature {
	typ, message := o.ErrorType, o.Message
	if e := thrown(o); e != nil {
		typ, message = orElse(e.Type, typ), orElse(e.Message, message)
		if frames := signatureOfFrames(e.Frames); len(frames) > 0 {
			return Signature{StrategyFrames, append([]string{specific(typ)}, frames...)}
		}
	}
	message = signatureMessage(message)
	switch {
	case specific(typ) != "":
		return Signature{StrategyException, []string{typ, message}}
	case message != "":
		return Signature{StrategyMessage, []string{message, operationName(o)}}
	default:
		return Signature{StrategyOperation, []string{o.OperationKind, operationName(o), o.StatusClass}}
	}
}

// thrown is the innermost exception of the error's stack, or of its texts where they hold one.
func thrown(o Observed) *Exception {
	for _, text := range []string{o.Stack, o.Message, o.Error} {
		if all := ParseExceptions(text); len(all) > 0 {
			return all[len(all)-1].Innermost()
		}
	}
	return nil
}

// signatureOfFrames names the in-app frames nearest the throw. Neighbours of one name are one: an
// agent's wrapper, a closure and its function, a recursion.
func signatureOfFrames(frames []Frame) []string {
	var names []string
	for _, f := range frames {
		name := joinNonEmpty(".", orElse(f.Module, f.File), f.Function)
		if !f.InApp || len(names) > 0 && names[len(names)-1] == name {
			continue
		}
		if names = append(names, name); len(names) == signatureFrames {
			break
		}
	}
	return names
}

// genericTypes say nothing about the error.
var genericTypes = map[string]bool{
	"java.lang.Throwable": true, "java.lang.Exception": true, "java.lang.RuntimeException": true, "java.lang.Error": true,
	"Throwable": true, "Exception": true, "RuntimeException": true, "Error": true,
	"*errors.errorString": true, "*fmt.wrapError": true, "*fmt.wrapErrors": true, "*errors.joinError": true,
	"*errors.fundamental": true, "*errors.withStack": true, "*errors.withMessage": true, "error": true, "_OTHER": true,
	"panic": true, "fatal error": true, "Fatal error": true, "Parse error": true, "EXIT": true, "exit": true, "stop": true, "throw": true,
	"java.util.concurrent.ExecutionException": true, "java.util.concurrent.CompletionException": true,
	"java.lang.reflect.InvocationTargetException": true, "java.lang.reflect.UndeclaredThrowableException": true,
}

// specific returns the type, without generated suffixes, unless it is generic or a status code.
func specific(typ string) string {
	typ = stripGenerated(typ)
	if genericTypes[typ] || digitsLen(typ) == len(typ) {
		return ""
	}
	return signal.Name(typ)
}

// signatureMessage is the parameterised message, spaces collapsed, its length bounded.
func signatureMessage(message string) string {
	out := strings.Join(strings.Fields(Parameterize(cut(message, maxSignatureInput))), " ")
	return cut(out, maxSignatureMessage)
}

func cut(s string, n int) string { return s[:min(n, len(s))] }

// operationName is the operation without values: its route, else its name, of which only the
// method counts where it holds a raw path.
func operationName(o Observed) string {
	if o.Route != "" {
		return signal.Name(o.Route)
	}
	method, path, found := strings.Cut(o.Operation, " ")
	if !found || strings.HasPrefix(method, "/") {
		method, path = "", o.Operation
	}
	if strings.HasPrefix(path, "/") || strings.Contains(path, "://") {
		return signal.Name(method)
	}
	return signal.Name(Parameterize(cut(o.Operation, maxSignatureInput)))
}

func orElse(s, fallback string) string {
	if s != "" {
		return s
	}
	return fallback
}
