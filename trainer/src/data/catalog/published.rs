//! Digests of the published data sets, SHA-256.

/// SHA-256 over the full set of texts: over the digests (32 bytes each) of the 50,000 reviews, training part first, in
/// each part by number, the negative review before the positive one of the same number.
pub const IMDB_SHA256: &str = "8f977e59481863de8108c22d1844eab3a4eca9dc354dad765988e06d88d63bb1";
/// SHA-256 of the uncompressed word index.
pub const IMDB_WORD_INDEX_SHA256: &str =
    "027313fe9a320280f3bf0fac5baf58c4a683cf39a7ed9c3d3d3912bde4284cf6";
/// SHA-256 of the 9,120 published texts one after the other, by activity, person and segment.
pub const DSA_SHA256: &str = "6559d8a6d5f2ebbd37bf6a0b50171599a5f3d2b575874783c439e59aecc6b69f";
/// Digest of the full set of UCI HAR: over the digests (32 bytes each) of its files.
pub const UCI_HAR_SHA256: &str = "f6d1f70ed7b082b1aecf2dfc03bae30c89390877e2528772297b54c433afdbf5";
/// SHA-256 of the published tables of SST-2.
pub const SST2_SHA256: [(&str, &str); 3] = [
    (
        "train.tsv",
        "48eac26399f8456935f81dd9e3a745c1430adb6c62e233ccfe22db4a0d15d1d1",
    ),
    (
        "dev.tsv",
        "54a9c12c77e402fc14d6a66a506f24d999f596b0176eb777c972cccc2f9cc4b0",
    ),
    (
        "test.tsv",
        "69a938605609b3e6663b4487918fe1565eb293734e6e520d0366d1d412fd2a13",
    ),
];
