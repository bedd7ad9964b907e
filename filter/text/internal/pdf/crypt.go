package pdf

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5"
	"crypto/rc4"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"maps"
	"slices"
)

// crypt decrypts what the empty password opens (ISO 32000-2, 7.6): most encrypted files only forbid to print or copy.
type crypt struct {
	key              []byte
	whole            bool // the key is used as it is: AES-256
	strings, streams cipherKind
}

type cipherKind int

const (
	useRC4 cipherKind = iota
	useAES
	useNone
)

// decrypt finds the key, and decrypts the strings of the objects that stand in the file itself.
func (f *File) decrypt() {
	for _, t := range slices.Backward(f.trailers) {
		if t["Encrypt"] == nil {
			continue
		}
		e := f.Dict(t["Encrypt"])
		id := []byte(f.String(first(f.Array(t["ID"]))))
		if f.crypt = f.openCrypt(e, id); f.crypt == nil {
			f.Locked = true
			return
		}
		own, _ := t["Encrypt"].(Ref)
		for _, o := range f.all {
			if o.number.Num != own.Num || own.Num == 0 {
				o.value = f.crypt.clear(o.value, o.number)
			}
		}
		return
	}
}

func first(a Array) any {
	if len(a) == 0 {
		return nil
	}
	return a[0]
}

// openCrypt returns what the empty password opens, nil if it opens nothing.
func (f *File) openCrypt(e Dict, id []byte) *crypt {
	if f.Name(e["Filter"]) != "Standard" {
		return nil
	}
	v, r := int(f.Number(e["V"])), int(f.Number(e["R"]))
	c := &crypt{}
	if v >= 4 {
		c.streams, c.strings = f.method(e, "StmF"), f.method(e, "StrF")
	}
	if v >= 5 {
		c.whole = true
		c.key = f.key256(e, r)
	} else if v > 0 {
		c.key = f.key128(e, id, v, r)
	}
	if c.key == nil {
		return nil
	}
	return c
}

// method returns the cipher of strings or streams (ISO 32000-2, 7.6.6).
func (f *File) method(e Dict, key Name) cipherKind {
	name := f.Name(e[key])
	if name == "" || name == "Identity" {
		return useNone
	}
	switch f.Name(f.Dict(f.Dict(e["CF"])[name])["CFM"]) {
	case "AESV2", "AESV3":
		return useAES
	case "V2":
		return useRC4
	}
	return useNone
}

// passwordPad fills up a password (ISO 32000-2, 7.6.4.3.2).
var passwordPad = []byte("\x28\xbf\x4e\x5e\x4e\x75\x8a\x41\x64\x00\x4e\x56\xff\xfa\x01\x08" +
	"\x2e\x2e\x00\xb6\xd0\x68\x3e\x80\x2f\x0c\xa9\xfe\x64\x53\x69\x7a")

// key128 makes the key of revisions 2 to 4 (algorithms 2, 4 and 5) and checks it.
func (f *File) key128(e Dict, id []byte, v, r int) []byte {
	n := 5
	if bits := int(f.Number(e["Length"])); v >= 2 && bits >= 40 && bits <= 128 {
		n = bits / 8
	}
	if v == 4 {
		n = 16
	}
	h := md5.New()
	h.Write(passwordPad)
	h.Write([]byte(f.String(e["O"])))
	h.Write(binary.LittleEndian.AppendUint32(nil, uint32(int64(f.Number(e["P"])))))
	h.Write(id)
	if meta, given := f.Resolve(e["EncryptMetadata"]).(bool); given && !meta && r >= 4 {
		h.Write([]byte{0xff, 0xff, 0xff, 0xff})
	}
	key := h.Sum(nil)
	if r >= 3 {
		for range 50 {
			sum := md5.Sum(key[:n])
			copy(key, sum[:])
		}
	}
	key = key[:n]
	u := []byte(f.String(e["U"]))
	want := passwordPad
	if r >= 3 {
		sum := md5.Sum(append(bytes.Clone(passwordPad), id...))
		want = sum[:]
		for i := range 20 {
			k := bytes.Clone(key)
			for j := range k {
				k[j] ^= byte(i)
			}
			want = arcfour(k, want)
		}
	} else {
		want = arcfour(key, want)
	}
	if len(u) < 16 || !bytes.Equal(u[:16], want[:16]) {
		return nil
	}
	return key
}

// key256 opens the key of revisions 5 and 6 (algorithms 2.A and 2.B).
func (f *File) key256(e Dict, r int) []byte {
	u, ue := []byte(f.String(e["U"])), []byte(f.String(e["UE"]))
	if len(u) < 48 || len(ue) < 32 {
		return nil
	}
	hash := func(salt []byte) []byte {
		if r < 6 {
			sum := sha256.Sum256(salt)
			return sum[:]
		}
		return hardened(salt)
	}
	if !bytes.Equal(hash(u[32:40]), u[:32]) {
		return nil
	}
	b, err := aes.NewCipher(hash(u[40:48]))
	if err != nil {
		return nil
	}
	key := make([]byte, 32)
	cipher.NewCBCDecrypter(b, make([]byte, 16)).CryptBlocks(key, ue[:32])
	return key
}

// hardened is the hash of revision 6 of the empty password with a salt.
func hardened(salt []byte) []byte {
	sum := sha256.Sum256(salt)
	k := sum[:]
	for i := 0; ; i++ {
		k1 := bytes.Repeat(k, 64)
		b, err := aes.NewCipher(k[:16])
		if err != nil {
			return nil
		}
		cipher.NewCBCEncrypter(b, k[16:32]).CryptBlocks(k1, k1)
		mod := 0
		for _, c := range k1[:16] {
			mod += int(c)
		}
		switch mod % 3 {
		case 0:
			s := sha256.Sum256(k1)
			k = s[:]
		case 1:
			s := sha512.Sum384(k1)
			k = s[:]
		default:
			s := sha512.Sum512(k1)
			k = s[:]
		}
		if i >= 63 && int(k1[len(k1)-1]) <= i-32 {
			return k[:32]
		}
	}
}

func arcfour(key, b []byte) []byte {
	c, err := rc4.NewCipher(key)
	if err != nil {
		return nil
	}
	out := make([]byte, len(b))
	c.XORKeyStream(out, b)
	return out
}

// open decrypts one string or stream of an object.
func (c *crypt) open(kind cipherKind, b []byte, n Ref) []byte {
	if kind == useNone {
		return b
	}
	key := c.key
	if !c.whole {
		k := append(bytes.Clone(key), byte(n.Num), byte(n.Num>>8), byte(n.Num>>16), byte(n.Gen), byte(n.Gen>>8))
		if kind == useAES {
			k = append(k, "sAlT"...)
		}
		sum := md5.Sum(k)
		key = sum[:min(len(c.key)+5, 16)]
	}
	if kind == useRC4 {
		return arcfour(key, b)
	}
	block, err := aes.NewCipher(key)
	if err != nil || len(b) < 2*aes.BlockSize {
		return nil
	}
	iv, body := b[:aes.BlockSize], b[aes.BlockSize:]
	out := make([]byte, len(body)/aes.BlockSize*aes.BlockSize)
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, body[:len(out)])
	if pad := int(out[len(out)-1]); pad <= aes.BlockSize && pad <= len(out) {
		out = out[:len(out)-pad]
	}
	return out
}

// stream returns the bytes of a stream decrypted.
func (c *crypt) stream(s *Stream) []byte {
	if s.Dict["Type"] == Name("XRef") || s.Dict["Filter"] == Name("Crypt") {
		return s.raw
	}
	if a, ok := s.Dict["Filter"].(Array); ok && first(a) == Name("Crypt") { // of which Identity is what occurs
		return s.raw
	}
	return c.open(c.streams, s.raw, s.number)
}

// clear returns a value with its strings decrypted.
func (c *crypt) clear(v any, n Ref) any {
	switch v := v.(type) {
	case String:
		return String(c.open(c.strings, []byte(v), n))
	case Array:
		for i := range v {
			v[i] = c.clear(v[i], n)
		}
	case Dict:
		for _, k := range slices.Collect(maps.Keys(v)) {
			v[k] = c.clear(v[k], n)
		}
	case *Stream:
		if v.Dict["Type"] != Name("XRef") {
			c.clear(v.Dict, n)
		}
	}
	return v
}
