package agents

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/prodsentinel/prodsentinel/internal/failure"
)

// Bounds on what is read of a source file.
const (
	sourceAround   = 20      // lines before and after the frame's
	maxSourceFile  = 1 << 20 // bytes
	maxSourceLine  = 400     // bytes of a line that are shown
	maxSourceDepth = 32      // elements of a frame's path
)

// sourceFiles are the endings of files that hold code. A forged stack frame can name any file;
// what else lies below a root, such as settings and keys, is not for a model.
var sourceFiles = strings.Fields(".c .cc .clj .cpp .cs .cxx .dart .erl .ex .exs .fs .go .groovy .h .hpp .hs .java .js .jsx .kt .lua " +
	".mjs .cjs .ml .php .pl .py .rb .rs .scala .swift .ts .tsx .vb .vue")

// javaRoots are where build tools keep packages.
var javaRoots = []string{"", "src/main/java", "src/main/kotlin", "src/main/scala", "src"}

// excerpt is a piece of a source file.
type excerpt struct {
	Path    string   `json:"path"`              // below the root
	Version string   `json:"version,omitempty"` // what the source is, as far as it is known
	First   int      `json:"first"`             // number of the first line
	Lines   []string `json:"lines"`
}

// readSource shows the code around a stack frame. It opens nothing outside the root, whatever
// links lie there. redacted gives the bytes [from, to) of a file as they may be shown.
func readSource(source SourceRoot, frame failure.Frame, redacted func(file string, from, to int) string) (*excerpt, error) {
	root, err := os.OpenRoot(source.Path)
	if err != nil {
		return nil, errors.New("the configured source root cannot be opened")
	}
	defer func() { _ = root.Close() }() // only read from
	for _, name := range candidatePaths(frame) {
		body, err := readRegular(root, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		e, err := excerptOf(string(body), frame.Line, redacted)
		if err != nil {
			return nil, err
		}
		e.Path, e.Version = name, versionOf(source)
		return e, nil
	}
	return nil, errors.New("no file of that name lies below the service's source root")
}

// candidatePaths lists where a frame's file may lie below a root, most specific first: its path
// without ever more leading folders, or the folder of its Java package.
func candidatePaths(frame failure.Frame) []string {
	file := path.Clean(strings.ReplaceAll(frame.File, `\`, "/"))
	if !slices.Contains(sourceFiles, strings.ToLower(path.Ext(file))) {
		return nil
	}
	elements := strings.Split(strings.TrimPrefix(file, "/"), "/")
	if len(elements) > maxSourceDepth || slices.ContainsFunc(elements, isHidden) {
		return nil
	}
	var names []string
	if len(elements) == 1 && strings.Contains(frame.Module, ".") {
		pkg := frame.Module[:strings.LastIndexByte(frame.Module, '.')]
		for _, dir := range javaRoots {
			names = append(names, path.Join(dir, strings.ReplaceAll(pkg, ".", "/"), file))
		}
	}
	for i := range elements {
		names = append(names, path.Join(elements[i:]...))
	}
	return names
}

// isHidden also refuses "..", a drive letter and what is no name.
func isHidden(element string) bool {
	return element == "" || strings.HasPrefix(element, ".") || strings.ContainsAny(element, ":\x00")
}

func readRegular(root *os.Root, name string) ([]byte, error) {
	info, err := root.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fs.ErrNotExist
	case err != nil:
		return nil, errors.New("the file cannot be read: it lies, or leads, outside the source root, or is not permitted")
	case info.IsDir():
		return nil, fs.ErrNotExist
	case !info.Mode().IsRegular():
		return nil, errors.New("this is no regular file")
	case info.Size() > maxSourceFile:
		return nil, fmt.Errorf("the file has %d bytes; at most %d are read", info.Size(), maxSourceFile)
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, errors.New("the file cannot be opened")
	}
	defer func() { _ = f.Close() }() // only read from
	body, err := io.ReadAll(io.LimitReader(f, maxSourceFile))
	if err != nil {
		return nil, errors.New("the file cannot be read")
	}
	if bytes.IndexByte(body, 0) >= 0 || !utf8.Valid(body) {
		return nil, errors.New("the file is binary")
	}
	return body, nil
}

func excerptOf(file string, line int, redacted func(file string, from, to int) string) (*excerpt, error) {
	file = strings.TrimSuffix(strings.ReplaceAll(file, "\r\n", "\n"), "\n")
	lines := strings.Split(file, "\n")
	if line < 1 || line > len(lines) {
		return nil, fmt.Errorf("the file has %d lines and the frame names line %d: it is another version", len(lines), line)
	}
	first := max(1, line-sourceAround)
	from := len(strings.Join(lines[:first-1], "\n"))
	if first > 1 {
		from++ // the line break
	}
	shown := strings.Join(lines[first-1:min(len(lines), line+sourceAround)], "\n")
	e := &excerpt{First: first}
	for l := range strings.SplitSeq(redacted(file, from, from+len(shown)), "\n") {
		e.Lines = append(e.Lines, cutLine(l))
	}
	return e, nil
}

func cutLine(l string) string {
	if len(l) <= maxSourceLine {
		return l
	}
	return strings.ToValidUTF8(l[:maxSourceLine], "") + "…"
}
