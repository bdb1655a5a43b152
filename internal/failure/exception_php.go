package failure

import (
	"cmp"
	"strings"
)

// parsePHP reads what PHP prints of an uncaught exception or makes of one as text, Laravel's
// records of one, and traces alone.
func parsePHP(text string) []*Exception {
	text = restoreLines(text)
	if chain := phpPrinted(text); chain != nil {
		return chain
	}
	return phpFatal(text)
}

// phpPrinted reads exceptions with their traces. PHP prints the innermost first and leads over by
// "Next"; Laravel has the outermost first and leads over by "previous exception".
func phpPrinted(text string) []*Exception {
	const next, previous = "\n\nNext ", "[previous exception]"
	if outer, inner, found := strings.Cut(text, previous); found {
		root := phpBlock(outer)
		at := root
		for _, block := range strings.SplitN(inner, previous, maxExceptions-1) {
			if e := phpBlock(block); e != nil && at != nil {
				at.Cause = e
				at = e
			}
		}
		return listOf(root)
	}
	var root *Exception
	for _, block := range strings.SplitN(text, next, maxExceptions) {
		if e := phpBlock(block); e != nil {
			e.Cause, root = root, e
		}
	}
	return listOf(root)
}

func listOf(e *Exception) []*Exception {
	if e == nil {
		return nil
	}
	return []*Exception{e}
}

// phpBlock reads one exception with its trace, nil where there is no trace.
func phpBlock(block string) *Exception {
	at := lineStarting(block, "#0 ")
	if at < 0 {
		return nil
	}
	e, thrown := phpHeader(block[:at])
	e.Frames = phpFrames(block[at:], thrown)
	if len(e.Frames) == 0 {
		return nil
	}
	return e
}

// lineStarting is where the first line starts that begins with a prefix, -1 if none does.
func lineStarting(text, prefix string) int {
	if strings.HasPrefix(text, prefix) {
		return 0
	}
	if i := strings.Index(text, "\n"+prefix); i >= 0 {
		return i + 1
	}
	return -1
}

// phpHeader reads "PHP Fatal error:  Uncaught Type: message in /file.php:12" and
// "[object] (Type(code: 0): message at /file.php:12)", and where it was thrown.
func phpHeader(head string) (e *Exception, thrown Frame) {
	head = strings.TrimSpace(cut(head, maxSignatureInput))
	for _, title := range []string{"[stacktrace]", "Stack trace:"} {
		head = strings.TrimSpace(strings.TrimSuffix(head, title))
	}
	if _, object, found := strings.Cut(head, "[object] ("); found {
		name, rest, _ := strings.Cut(object, "(code: ")
		_, rest, _ = strings.Cut(rest, "): ")
		message, place := cutLast(strings.TrimSuffix(rest, ")"), " at ")
		return &Exception{Type: name, Message: message}, phpPlace(place)
	}
	if _, uncaught, found := strings.Cut(head, "Uncaught "); found {
		head = uncaught
	}
	body, place := cutLast(head, " in ")
	thrown = phpPlace(place)
	if thrown.Line == 0 {
		body = head
	}
	for from := 0; ; { // a log line may stand before the name
		name, message, found := strings.Cut(body[from:], ": ")
		if word := name[1+strings.LastIndexAny(name, " \n"):]; isPHPClass(word) && strings.ToUpper(word) != word && (found || thrown.Line > 0) {
			return &Exception{Type: word, Message: strings.TrimSpace(message)}, thrown
		}
		if !found {
			return &Exception{}, thrown
		}
		from += len(name) + len(": ")
	}
}

// cutLast cuts around the last separator; after is "" where there is none.
func cutLast(s, sep string) (before, after string) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):]
	}
	return s, ""
}

// phpPlace reads "/var/www/Tax.php:21".
func phpPlace(s string) Frame {
	file, line := cutLast(strings.TrimSpace(s), ":")
	if n := lineNumber(line); n > 0 {
		return Frame{File: file, Line: n}
	}
	return Frame{}
}

// isPHPClass takes "TypeError" and "App\Billing\TaxException".
func isPHPClass(s string) bool {
	name := s[1+strings.LastIndexByte(s, '\\'):]
	return isClass(name) && spanLen(s, func(b byte) bool { return isWord(b) || b == '_' || b == '\\' }) == len(s)
}

// phpFrames reads a trace. Its lines say where each function was called, so that a function was at
// the place which the line above it names, and the innermost where the exception was thrown.
func phpFrames(trace string, at Frame) []Frame {
	var frames []Frame
	for line := range strings.SplitSeq(trace, "\n") {
		caller, call, ok := phpCall(strings.TrimSpace(line))
		if !ok {
			if len(frames) > 0 && !strings.HasPrefix(strings.TrimSpace(line), "#") {
				break
			}
			continue
		}
		f := Frame{File: at.File, Line: at.Line}
		f.Module, f.Function = phpName(call)
		if caller.File != "" && caller == at { // a function of PHP's own, which has no place
			f.File, f.Line = "", 0
		}
		f.InApp = phpInApp(f)
		if len(frames) < maxFrames {
			frames = append(frames, f)
		}
		at = caller
	}
	return frames
}

// phpCall reads "#1 /var/www/index.php(33): App\Invoice->total()".
func phpCall(s string) (caller Frame, call string, ok bool) {
	if !strings.HasPrefix(s, "#") {
		return Frame{}, "", false
	}
	digits := digitsLen(s[1:])
	if digits == 0 || !strings.HasPrefix(s[1+digits:], " ") {
		return Frame{}, "", false
	}
	s = cut(s[digits+2:], maxSignatureInput)
	if s == "{main}" {
		return Frame{}, s, true
	}
	if call, found := strings.CutPrefix(s, "[internal function]: "); found {
		return Frame{}, call, true
	}
	place, call, found := strings.Cut(s, "): ")
	file, line := cutLast(place, "(")
	if !found || lineNumber(line) == 0 {
		return Frame{}, "", false
	}
	return Frame{File: file, Line: lineNumber(line)}, call, true
}

// phpName splits a call into class or namespace and function, without arguments and generated
// names.
func phpName(call string) (module, function string) {
	name, _, _ := strings.Cut(call, "(")
	if before, _, found := strings.Cut(name, "{closure"); found {
		return strings.TrimRight(before, `\:`), "{closure}"
	}
	for _, sep := range []string{"->", "::", `\`} {
		if module, function = cutLast(name, sep); function != "" {
			module, _, _ = strings.Cut(module, "@anonymous")
			return module, function
		}
	}
	return "", cmp.Or(name, anonymous)
}

// phpInApp reports whether a frame is the application's own: of no dependency and not built in.
func phpInApp(f Frame) bool {
	space, _, spaced := strings.Cut(f.Module, `\`)
	switch {
	case containsAny(f.File, phpLibraries), phpNamespaces[space]:
		return false
	}
	return f.File != "" || spaced
}

var phpLibraries = []string{"/vendor/", `\vendor\`, "phar://"}

// phpNamespaces are the first parts of namespaces that are never the application's.
var phpNamespaces = setOf(`
	Illuminate Laravel Symfony Doctrine GuzzleHttp Monolog Psr Twig Composer League Laminas Zend Slim Yiisoft yii CodeIgniter
	Cake Nette PHPUnit Predis Aws Google Sentry OpenTelemetry OpenTracing DDTrace Livewire Filament Spatie Ramsey Carbon
	Swoole Hyperf Spiral React Amp Elastic Elasticsearch MongoDB PhpAmqpLib Twilio Stripe Nyholm Http`)

// phpFatal reads a fatal error of PHP itself, which has a place and no trace.
func phpFatal(text string) []*Exception {
	for _, title := range []string{"Fatal error: ", "Parse error: "} {
		before, rest, found := strings.Cut(text, title)
		if !found || !headsClause(strings.TrimSuffix(before, "PHP ")) {
			continue
		}
		message, place := cutLast(firstLine(cut(rest, maxSignatureInput)), " in ")
		file, line := cutLast(place, " on line ")
		if n := lineNumber(line); n > 0 {
			f := Frame{Function: anonymous, File: file, Line: n}
			f.InApp = phpInApp(f)
			return []*Exception{{Type: strings.TrimSuffix(title, ": "), Message: strings.TrimSpace(message), Frames: []Frame{f}}}
		}
	}
	return nil
}
