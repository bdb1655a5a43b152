package failure

import "strings"

// signatureFrames is how many in-app frames nearest the throw tell one error from another: enough
// for a shared helper's callers, few enough that one bug reached from two entries is one.
const signatureFrames = 3

// frameNames names the in-app frames nearest the throw, and reports whether the nearest tells one
// error from another: it has a name of its own, and reports none that others found. Neighbours of one
// name are one: an agent's wrapper, a closure and its function, a recursion.
func frameNames(frames []Frame) (names []string, telling bool) {
	for _, f := range frames {
		if !f.InApp {
			continue
		}
		function, own := functionName(f)
		name := joinNonEmpty(".", orElse(f.Module, sourceName(f.File)), function)
		if len(names) == 0 {
			telling = own && !isReporter(function)
		} else if names[len(names)-1] == name {
			continue
		}
		if names = append(names, name); len(names) == signatureFrames {
			break
		}
	}
	return names, telling
}

// functionName is the name of a frame's function, of a closure that of the function around it. It
// reports whether the function has a name of its own that other functions of the file have not.
func functionName(f Frame) (name string, own bool) {
	name, own = f.Function, !f.Closure
	name, _, _ = strings.Cut(name, " [as ")
	for _, mark := range anonymousMarks {
		if i := strings.Index(name, mark); i >= 0 {
			name, own = strings.TrimRight(name[:i], ".:#\\ -"), false
		}
	}
	if isMinified(name, f.File) {
		return "", false
	}
	switch name {
	case "", "anonymous", "lambda", "Object", "eval":
		return "", false
	}
	return name, own
}

// anonymousMarks stand where a function has no name.
var anonymousMarks = []string{
	"<anonymous>", "<anonymous closure>", "{closure", "<lambda", "<listcomp>", "<genexpr>", "<dictcomp>", "<setcomp>", "<module>", "<main>",
	"<top (required)>", "{main}",
}

// isReporter reports whether a function by its name reports errors that others found, so that its
// errors are many.
func isReporter(function string) bool {
	function = function[1+strings.LastIndexAny(function, ".:#>\\"):]
	for _, verb := range reporterVerbs {
		if len(function) >= len(verb) && strings.EqualFold(function[:len(verb)], verb) {
			rest := function[len(verb):]
			return rest == "" || !isLower(rest[0])
		}
	}
	return false
}

var reporterVerbs = []string{
	"raise", "throw", "fail", "report", "abort", "die", "panic", "bail", "reject", "assert", "check", "ensure", "require", "invariant", "exit",
	"error", "on_error", "onError", "new_error", "newError", "create_error", "createError", "make_error", "makeError", "to_error", "toError",
	"wrap_error", "wrapError", "handle_error", "handleError", "log_error", "logError",
}

// isMinified reports whether a bundler made up the name of a JavaScript function: it is too short for
// a person's.
func isMinified(name, file string) bool {
	name = name[1+strings.LastIndexByte(name, '.'):]
	name = strings.TrimPrefix(name, "new ")
	if len(name) > 2 || name == "" {
		return false
	}
	file, _, _ = strings.Cut(file, "?")
	return strings.HasSuffix(file, ".js") || strings.HasSuffix(file, ".mjs") || strings.HasSuffix(file, ".cjs") || strings.Contains(file, "://")
}

// sourceName is a file's path without what differs between machines, releases and builds: hosts,
// folders of releases, homes and environments, versions of packages, hashes of bundles.
func sourceName(file string) string {
	if file == "" {
		return ""
	}
	file = strings.ReplaceAll(cut(file, maxSource), `\`, "/")
	if scheme, rest, found := strings.Cut(file, "://"); found {
		file, _, _ = strings.Cut(rest, "?")
		file, _, _ = strings.Cut(file, "#")
		if scheme != "file" && !strings.HasPrefix(file, "/") {
			if i := strings.IndexByte(file, '/'); i >= 0 {
				file = file[i:]
			}
		}
	}
	var parts []string
	absolute := strings.HasPrefix(file, "/") || len(file) > 2 && file[1] == ':'
	all := strings.Split(file, "/")
	for i, part := range all {
		switch {
		case i == len(all)-1:
			parts = append(parts, fileName(part))
		case part == "" || part == "." || len(part) == 2 && part[1] == ':':
		case part == "..":
			parts = parts[:max(0, len(parts)-1)]
		case packageRoots[part] || i > 0 && releaseRoots[all[i-1]] && countDigits(part) > 0 || absolute && i > 0 && homeRoots[all[i-1]]:
			parts = parts[:0]
		default:
			if part = folderName(part); part != "" {
				parts = append(parts, part)
			}
		}
	}
	return joinNonEmpty("/", parts...)
}

const (
	// maxSource bounds, in bytes, what is read of a file's path.
	maxSource = 512
	// maxBuildNumber is the most digits of a number that is part of a name: longer ones are builds and dates.
	maxBuildNumber = 2
)

var (
	// packageRoots are the folders that installed packages lie in, or the release that is deployed.
	packageRoots = setOf(`site-packages dist-packages node_modules gems current`)
	// releaseRoots have a folder for each release, build or installation.
	releaseRoots = setOf(`releases release deployments deploys versions builds store tmp temp Temp`)
	// homeRoots have a folder for each user or environment.
	homeRoots = setOf(`home Users virtualenvs venvs envs`)
)

// folderName is a folder without its version, "" where it is nothing else.
func folderName(s string) string {
	if apiVersion(s) > 0 || isAPIVersion(s) {
		return s
	}
	kept := s
	for kept != "" {
		at := strings.LastIndexAny(kept, "-_.@+")
		if !isBuild(kept[at+1:]) {
			break
		}
		kept = kept[:max(at, 0)]
	}
	return kept
}

// isBuild reports whether a part of a name is a version, a date, or a hash of content.
func isBuild(s string) bool {
	if strings.HasPrefix(s, "v") && isDigitsOnly(s[1:]) {
		return true
	}
	if isDigitsOnly(s) {
		return true
	}
	shape := shapeOf(s)
	at := anywhere
	if shape.length >= 6 {
		at = announced
	}
	return len(s) == alnumLen(s) && (shape.isRandom(at) || isHexWord(s))
}

func isDigitsOnly(s string) bool { return s != "" && digitsLen(s) == len(s) }

// fileName is a file's name without the hash of its content: cart.js of cart-BzK3a91f.js and
// cart.3f2a9bc1.chunk.js.
func fileName(s string) string {
	dot := strings.LastIndexByte(s, '.')
	if dot <= 0 {
		return s
	}
	name, extension := s[:dot], s[dot:]
	bundle := extension == ".js" || extension == ".mjs" || extension == ".css" || extension == ".cjs"
	const viteHash = 8 // may have hyphens and underscores
	if i := len(name) - viteHash - 1; bundle && i > 0 && name[i] == '-' && isBundleHash(name[i+1:]) {
		return name[:i] + extension
	}
	var parts []string
	for i, part := range strings.Split(name, ".") {
		kept := part
		for at := strings.LastIndexAny(kept, "-_"); at > 0 && (isFileHash(kept[at+1:]) || bundle && isShortHash(kept[at+1:])); at = strings.LastIndexAny(kept, "-_") {
			kept = kept[:at]
		}
		if i > 0 && (isFileHash(kept) || bundle && isShortHash(kept)) || bundle && isDigitsOnly(kept) {
			continue
		}
		parts = append(parts, kept)
	}
	return strings.Join(parts, ".") + extension
}

// isFileHash reports whether a part of a file's name is a hash, a date or a build.
func isFileHash(s string) bool {
	if isDigitsOnly(s) {
		return len(s) > maxBuildNumber
	}
	return len(s) >= 6 && isBuild(s)
}

// isShortHash reports whether a part of a bundle's name is a short hash: with digits among letters.
func isShortHash(s string) bool {
	digits := countDigits(s)
	return s != "" && len(s) == alnumLen(s) && digits > 0 && digits < len(s) && !isNameWithDigits(s) && s[0] != 'v'
}

// isBundleHash reports whether eight characters are the hash that a bundler appends.
func isBundleHash(s string) bool {
	odd := false
	for at := 0; at < len(s); at++ {
		n := alnumLen(s[at:])
		if w := s[at : at+n]; n > 0 {
			shape := shapeOf(w)
			if n >= 3 && shape.digits == 0 && shape.irregular == 0 && shape.reads(28) {
				return false
			}
			odd = odd || shape.digits > 0 || shape.upper > 0
		}
		at += n
	}
	return odd
}
