package failure

// shape is what the characters of a word say about whether a person or a generator wrote it.
type shape struct {
	length    int
	digits    int
	upper     int
	changes   int // from letters to digits and back
	humps     int // capitals after small letters
	irregular int // of these, those that cut the part before them short
	cost      int // sum of letterCost over neighbours: how unlike a word it reads
}

// Costs of neighbours that are not two letters of one part of a name.
const (
	costOfPart      = 1 // a capital after a part of three letters or more
	costOfShortPart = 6 // a capital after a shorter part
	costOfDigit     = 4 // a digit after a letter
	costAfterDigit  = 5 // a letter after a digit
)

// shapeOf reads a word of ASCII letters and digits.
func shapeOf(word string) shape {
	s := shape{length: len(word)}
	part := 0 // letters of the current part
	for i := range len(word) {
		b := word[i]
		if isDigit(b) {
			s.digits++
			if part > 0 {
				s.changes++
				s.cost += costOfDigit
			}
			part = 0
			continue
		}
		capital := b < 'a'
		if capital {
			s.upper++
		}
		switch {
		case i == 0:
		case part == 0:
			s.changes++
			s.cost += costAfterDigit
		case capital && word[i-1] >= 'a':
			s.humps++
			if part >= 3 {
				s.cost += costOfPart
			} else {
				s.cost += costOfShortPart
				s.irregular++
			}
			part = 0
		default:
			s.cost += int(letterCost[word[i-1]|0x20-'a'][b|0x20-'a'] - '0')
			if !capital && word[i-1] < 'a' {
				part = 1 // the last capital begins a part
			}
		}
		part++
	}
	return s
}

// place is where a word stands.
type place int

const (
	anywhere  place = iota
	prefixed        // behind a word and an underscore, as in cus_NffrFeUfNV2Hib
	announced       // where identifiers stand, as after "request ID: "
)

// isRandom reports whether a generator wrote the word. The thresholds are measured: of the words and
// names in the sources of the Go distribution and 300 modules, fewer than one in 1,000 is taken for
// random; of 21 random letters and digits all but one in 500 are, of 14 all but one in 50.
func (s shape) isRandom(at place) bool {
	switch {
	case s.digits == s.length:
		return false
	case s.digits > 0:
		return s.isRandomWithDigits(at)
	case s.humps > 0 || s.upper > 1 && s.upper < s.length:
		return s.isRandomMixture(at)
	case at == announced:
		return s.length >= 8 && !s.reads(28)
	case at == prefixed:
		return s.length >= 10 && !s.reads(35)
	default: // no language is written like that, not even with its accents left out
		return s.length >= 16 && !s.reads(32)
	}
}

func (s shape) isRandomWithDigits(at place) bool {
	switch {
	case at == announced:
		return s.length >= 5
	case s.changes >= 3:
		return s.length >= 5 && !s.reads(23)
	case s.changes == 2:
		return s.length >= 6 && (!s.reads(30) || at == prefixed && !s.reads(23))
	default:
		return s.length >= 8 && (!s.reads(30) || at == prefixed && s.irregular > 0)
	}
}

// isRandomMixture judges small letters and capitals.
func (s shape) isRandomMixture(at place) bool {
	if at != anywhere {
		return s.length >= 6 && s.irregular > 0 || s.length >= 8 && !s.reads(22)
	}
	switch {
	case s.length >= 12:
		return s.irregular > 0 && !s.reads(25) || !s.reads(28)
	case s.irregular > 0:
		return s.length >= 8 && !s.reads(33)
	}
	return false
}

// reads reports whether the average cost of neighbours is below tenths/10, so that the word may be
// one of a language.
func (s shape) reads(tenths int) bool { return s.cost*10 < tenths*(s.length-1) }

// letterCost is how rare a letter is after another in words and names, from 0 (common) to 9: the
// negative binary logarithm of its share, less 2. Measured over the 23,000 most common words in the
// sources, comments and documentation of the Go distribution and 300 modules.
var letterCost = [26]string{
	//bcdefghijklmnopqrstuvwxyz after
	"52225437384121727121445547", // a
	"13331357146045247224266746", // b
	"14341432382245147331357758", // c
	"23320346166345246224345547", // d
	"24213346586231535112545357", // e
	"24332145097244238223376658", // f
	"26340432287342147124356666", // g
	"05530566196445157232365736", // h
	"34233338786220138322737593", // i
	"14541455243544136714153666", // j
	"24440435166343445413454847", // k
	"15430557195155148533356927", // l
	"03440667195435216524358859", // m
	"25221316274454257511446867", // n
	"44135437474220329122233668", // o
	"14341543295256127132376749", // p
	"38533564486244545334055855", // q
	"15330447194434148322446749", // r
	"35241552194345325420254737", // s
	"15350462097345238123366536", // t
	"32333338298220529111779586", // u
	"14440465195434246534455767", // v
	"06441452175352238224585588", // w
	"23221254276444316441556359", // x
	"35342455277321407312655744", // y
	"14550455174755258534534743", // z
}

// namesWithDigits are names that end in digits, which are no values.
var namesWithDigits = setOf(`
	utf7 utf8 utf16 utf32 ucs2 latin1 latin9 iso8859 gb2312 gb18030 big5 base16 base32 base58 base62 base64 base85 md4 md5 sha1 sha2 sha3
	sha224 sha256 sha384 sha512 crc16 crc32 crc64 adler32 murmur3 blake2 blake3 hs256 hs384 hs512 rs256 rs384 rs512 es256 es384 es512
	aes128 aes192 aes256 des3 rc4 ed25519 x25519 p256 p384 p521 chacha20 poly1305 argon2 pbkdf2 pkcs1 pkcs5 pkcs7 pkcs8 pkcs11 pkcs12
	x509 asn1 oauth1 oauth2 ssl2 ssl3 tls1 tlsv1 sslv3 http1 http2 http3 h2 h3 ipv4 ipv6 ip4 ip6 tcp4 tcp6 udp4 udp6 inet4 inet6 socks4
	socks5 ntlmv2 smb2 smb3 nfs3 nfs4 imap4 pop3 netty4 s3 ec2 es5 es6 d3 vue2 vue3 python2 python3 py2 py3 java8 java11 java17 java21 php5
	php7 php8 perl5 log4j2 junit4 junit5  db2 sqlite3 psycopg2 psycopg3 urllib2 urllib3 httplib2 boto3 jinja2 html4 html5 css2
	css3 int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 fp16 fp32 bf16 i8 i16 i32 i64 u8 u16 u32 u64 f32 f64
	x86 x64 i386 i586 i686 arm32 arm64 armv6 armv7 armv8 aarch64 amd64 mips64 ppc64 riscv64 wasm32 win16 win32 win64 kernel32 user32
	ext2 ext3 ext4 fat16 fat32 raid0 raid1 raid5 raid6 raid10 bzip2 lz4 zip64 mp3 mp4 mpeg2 mpeg4 h263 h264 h265 vp8 vp9 av1 g711 usb2 usb3
	gtk2 gtk3 gtk4 qt5 qt6 gles2 gles3 atan2 log2 log10 dup2 dup3 pipe2 accept4 rfc822 rfc3339 iso8601 v8 gpt3 gpt4 llama2 llama3 snmpv2 snmpv3`)
