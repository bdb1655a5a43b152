package failure

import (
	"regexp"
	"strings"
)

var (
	// swiftTraps are what Swift reports before it ends a process.
	swiftTraps  = []string{"Fatal error", "Precondition failed", "Assertion failed"}
	swiftHeader = regexp.MustCompile(`(?:^|[\s"])(?:([\w./+-]+\.swift):(\d+): )?(Fatal error|Precondition failed|Assertion failed)(?:: ([^\r\n]*))?`)
	swiftPlace  = regexp.MustCompile(`: file ([^\r\n]+\.swift), line (\d+)$`)
	// swiftFrame has the runtime's own backtraces, swift-backtrace's, and crash reports.
	swiftFrame = regexp.MustCompile(`^\d+ +(?:\[[a-z]+\] +)?(?:([\w.+-]+) +)?0x[0-9a-f]+ (.+?)(?: \+ \d+)?(?: in ([\w.+-]+))?(?: (?:at |\()(.+?):(\d+)(?::\d+)?\)?)?$`)
	nsUncaught = regexp.MustCompile(`^uncaught exception '([^'\r\n]+)', reason: '([^\r\n]*)'`)
)

// parseSwift reads what ends a process of Swift or Objective-C, with the frames of the thread that
// crashed.
func parseSwift(text string) []*Exception {
	text = unfold(text)
	e := swiftException(text)
	frames := swiftFrames(text)
	switch {
	case e == nil && len(frames) == 0:
		return nil
	case e == nil:
		e = &Exception{}
	}
	if len(frames) > 0 {
		e.Frames = frames
	}
	return []*Exception{e}
}

// nsMarker starts what Objective-C says of an exception that nothing caught.
const nsMarker = "uncaught exception '"

func swiftException(text string) *Exception {
	if i := strings.Index(text, nsMarker); i >= 0 {
		if m := nsUncaught.FindStringSubmatch(cut(text[i:], maxSignatureInput)); m != nil {
			return &Exception{Type: m[1], Message: m[2]}
		}
	}
	if !containsAny(text, swiftTraps) {
		return nil
	}
	m := swiftHeader.FindStringSubmatch(text)
	if m == nil {
		return nil
	}
	e := &Exception{Type: m[3], Message: m[4]}
	file, line := m[1], m[2]
	if p := swiftPlace.FindStringSubmatch(m[4]); p != nil {
		e.Message, file, line = strings.TrimSuffix(m[4], p[0]), p[1], p[2]
	}
	if file == "" {
		return nil // other languages have fatal errors too
	}
	e.Frames = []Frame{{Function: anonymous, File: file, Line: lineNumber(line), InApp: !strings.HasPrefix(file, "Swift/")}}
	return e
}

// swiftFrames reads the frames of the thread that crashed.
func swiftFrames(text string) []Frame {
	_, trace, found := strings.Cut(text, "rashed:\n")
	if !found {
		return nil
	}
	var frames []Frame
	for line := range strings.SplitSeq(trace, "\n") {
		line = strings.TrimSpace(cut(line, maxFrame))
		m := swiftFrame.FindStringSubmatch(line)
		if m == nil {
			if line == "" && len(frames) > 0 || strings.HasPrefix(line, "Thread ") {
				break
			}
			continue
		}
		image := m[1] + m[3]
		f := Frame{Module: image, Function: swiftFunction(m[2]), File: m[4], Line: lineNumber(m[5])}
		f.Closure = strings.HasPrefix(m[2], "closure #")
		f.InApp = !strings.HasPrefix(image, "lib") && !swiftImages[image]
		if len(frames) < maxFrames && f.Function != "" {
			frames = append(frames, f)
		}
	}
	return frames
}

// swiftFunction is a function without its arguments' types; of "closure #1 (Int) in pay()" the one around it.
func swiftFunction(s string) string {
	if i := strings.LastIndex(s, " in "); i >= 0 && strings.HasPrefix(s, "closure #") {
		s = s[i+len(" in "):]
	}
	name, _, _ := strings.Cut(s, "(")
	return strings.TrimSpace(name)
}

// swiftImages are the binaries that are never the application's.
var swiftImages = setOf(`
	UIKit UIKitCore Foundation CoreFoundation SwiftUI Combine dyld GraphicsServices QuartzCore CFNetwork CoreData Network
	XCTest WebKit JavaScriptCore Security AppKit`)
