package failure

import (
	"slices"
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
	// maxSignatureInput and maxSignatureMessage bound, in bytes, what is read and kept of a message.
	maxSignatureInput   = 8192
	maxSignatureMessage = 1024
	// maxSignatureCodes bounds the codes of a message that count beside frames.
	maxSignatureCodes = 3
)

// SignatureOf derives the signature of one error.
func SignatureOf(o Observed) Signature {
	sig, _ := sign(o)
	return sig
}

// noMessage is the index of the message in a signature that has none.
const noMessage = -1

// sign derives the signature of one error, and says which of its parts is the message.
func sign(o Observed) (sig Signature, message int) {
	typ, text := o.ErrorType, o.Message
	if e := thrown(o); e != nil {
		typ, text = orElse(e.Type, typ), orElse(e.Message, text)
		if sig, message := framesSignature(o, specific(typ), text, e.Frames); sig.Strategy != "" {
			return sig, message
		}
	}
	text = signatureMessage(text)
	switch detail := signatureDetail(o); {
	case specific(typ) != "":
		return Signature{StrategyException, appendNonEmpty([]string{specific(typ), text}, detail)}, 1
	case text != "":
		return Signature{StrategyMessage, appendNonEmpty([]string{text, operationName(o)}, detail)}, 0
	default:
		return Signature{StrategyOperation, appendNonEmpty([]string{o.OperationKind, operationName(o), o.StatusClass}, detail)}, noMessage
	}
}

// framesSignature is the signature by in-app frames, the zero one if there are none. Where type or function say
// little, the message tells errors apart, and of a function without a name the route; elsewhere only
// the codes that the message cites do.
func framesSignature(o Observed, typ, text string, frames []Frame) (sig Signature, message int) {
	names, telling := frameNames(frames)
	if len(names) == 0 {
		return Signature{}, noMessage
	}
	parts := append([]string{typ}, names...)
	if typ != "" && telling {
		return Signature{StrategyFrames, appendCodes(parts, o.ErrorType, text)}, noMessage
	}
	if !telling {
		parts = appendNonEmpty(parts, signal.Name(o.Route))
	}
	message = len(parts)
	if parts = appendNonEmpty(parts, signatureMessage(text)); len(parts) == message {
		message = noMessage
	}
	return Signature{StrategyFrames, parts}, message
}

// appendCodes appends the codes that an exception has for a type or its message cites, each once.
func appendCodes(parts []string, typ, message string) []string {
	codes := make([]string, 0, maxSignatureCodes+1)
	if len(typ) == sqlStateLen && digitsLen(typ) == len(typ) {
		codes = append(codes, typ)
	}
	if strings.ContainsAny(message, "0123456789") {
		parameterize(cut(message, maxSignatureMessage), parameterizer{codes: &codes})
	}
	for i, code := range codes {
		if !slices.Contains(codes[:i], code) {
			parts = append(parts, code)
		}
	}
	return parts
}

// signatureDetail is what a record's attributes say of the error beside its message.
func signatureDetail(o Observed) string {
	if o.Error == "" || strings.Contains(o.Message, o.Error) {
		return ""
	}
	return signatureMessage(o.Error)
}

func appendNonEmpty(parts []string, more string) []string {
	if more == "" {
		return parts
	}
	return append(parts, more)
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

// genericTypes say nothing about the error.
var genericTypes = setOf(`
	java.lang.Throwable java.lang.Exception java.lang.RuntimeException java.lang.Error Throwable Exception RuntimeException Error
	java.util.concurrent.ExecutionException java.util.concurrent.CompletionException
	java.lang.reflect.InvocationTargetException java.lang.reflect.UndeclaredThrowableException
	*errors.errorString *fmt.wrapError *fmt.wrapErrors *errors.joinError *errors.fundamental *errors.withStack *errors.withMessage
	error panic fatal_error Fatal_error Parse_error EXIT exit stop throw _OTHER exception RuntimeError StandardError builtins.Exception System.Exception System.ApplicationException
	AggregateException System.AggregateException AggregateError UnhandledPromiseRejection unhandledRejection ErrorException
	std::runtime_error std::exception`)

// specific returns the type, without generated suffixes, unless it is generic or a status code.
func specific(typ string) string {
	typ = stripGenerated(typ)
	if genericTypes[strings.ReplaceAll(strings.TrimPrefix(typ, `\`), " ", "_")] || digitsLen(typ) == len(typ) {
		return ""
	}
	return signal.Name(typ)
}

// signatureMessage is what a message says whatever its values, its length bounded.
func signatureMessage(message string) string {
	return strings.ReplaceAll(cut(generalize(cut(message, maxSignatureInput)), maxSignatureMessage), "\n", " ")
}

func cut(s string, n int) string { return s[:min(n, len(s))] }

// operationName is the operation without values: its route, else its name, of which only the
// method counts where it holds a raw path.
func operationName(o Observed) string {
	if o.Route != "" && o.Kind != KindLog {
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
