//! The table of the data sets.

use super::published::{
    DSA_SHA256, IMDB_SHA256, IMDB_WORD_INDEX_SHA256, SST2_SHA256, UCI_HAR_SHA256,
};
use super::{Check, ContentOf, DataSet, Part};

/// Empty values of a part, for the fields that most parts leave empty.
const PART: Part = Part {
    what: "",
    url: "",
    saved_as: "",
    check: Check::File(""),
    names: &[],
    stems: &[],
    layout: &[],
    named: false,
};

/// The copying-memory task, which is generated.
pub static COPY: DataSet = DataSet {
    name: "copy",
    title: "Copying-memory task (generated)",
    page: "https://doi.org/10.1162/neco.1997.9.8.1735",
    licence: "none needed",
    citation: "S. Hochreiter, J. Schmidhuber: Long Short-Term Memory. Neural Computation 9(8), 1997; in this form: \
               M. Arjovsky, A. Shah, Y. Bengio: Unitary Evolution Recurrent Neural Networks. ICML 2016",
    parts: &[],
    instead: None,
};

/// The user's own recordings. Not in [`list`](super::list): nobody publishes them.
pub static RECORDINGS: DataSet = DataSet {
    name: "recordings",
    title: "your own recordings",
    page: "",
    licence: "yours",
    citation: "",
    parts: &[],
    instead: None,
};

/// MNIST: the images of [`Smnist`](crate::data::Task::Smnist) and [`Pmnist`](crate::data::Task::Pmnist).
pub static MNIST: DataSet = DataSet {
    name: "mnist",
    title: "The MNIST database of handwritten digits",
    page: "http://yann.lecun.com/exdb/mnist/",
    licence: "CC BY-SA 3.0",
    citation: "Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document recognition. \
               Proceedings of the IEEE 86(11), 1998",
    parts: &[
        Part {
            what: "training images",
            url: "https://ossci-datasets.s3.amazonaws.com/mnist/train-images-idx3-ubyte.gz",
            saved_as: "mnist/train-images-idx3-ubyte.gz",
            check: Check::File("ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
            names: &[
                "train-images-idx3-ubyte.gz",
                "train-images-idx3-ubyte",
                "train-images.idx3-ubyte",
            ],
            ..PART
        },
        Part {
            what: "training labels",
            url: "https://ossci-datasets.s3.amazonaws.com/mnist/train-labels-idx1-ubyte.gz",
            saved_as: "mnist/train-labels-idx1-ubyte.gz",
            check: Check::File("65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
            names: &[
                "train-labels-idx1-ubyte.gz",
                "train-labels-idx1-ubyte",
                "train-labels.idx1-ubyte",
            ],
            ..PART
        },
        Part {
            what: "test images",
            url: "https://ossci-datasets.s3.amazonaws.com/mnist/t10k-images-idx3-ubyte.gz",
            saved_as: "mnist/t10k-images-idx3-ubyte.gz",
            check: Check::File("0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
            names: &[
                "t10k-images-idx3-ubyte.gz",
                "t10k-images-idx3-ubyte",
                "t10k-images.idx3-ubyte",
            ],
            ..PART
        },
        Part {
            what: "test labels",
            url: "https://ossci-datasets.s3.amazonaws.com/mnist/t10k-labels-idx1-ubyte.gz",
            saved_as: "mnist/t10k-labels-idx1-ubyte.gz",
            check: Check::File("ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
            names: &[
                "t10k-labels-idx1-ubyte.gz",
                "t10k-labels-idx1-ubyte",
                "t10k-labels.idx1-ubyte",
            ],
            ..PART
        },
    ],
    instead: None,
};

/// The Large Movie Review Dataset: the reviews of [`Imdb`](crate::data::Task::Imdb).
pub static IMDB: DataSet = DataSet {
    name: "imdb",
    title: "Large Movie Review Dataset v1.0 (IMDB), with the Keras word index",
    page: "https://ai.stanford.edu/~amaas/data/sentiment/",
    licence: "reviews: no formal licence, texts of IMDb's users, citation asked for; word index: Apache-2.0",
    citation: "A. L. Maas, R. E. Daly, P. T. Pham, D. Huang, A. Y. Ng, C. Potts: Learning Word Vectors for Sentiment \
               Analysis. ACL 2011",
    parts: &[
        Part {
            what: "reviews",
            url: "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
            saved_as: "imdb/aclImdb_v1.tar.gz",
            check: Check::Content {
                sha256: IMDB_SHA256,
                set: ContentOf::Imdb,
            },
            stems: &["aclimdb", "aclimdb v1", "imdb"],
            layout: &["train/pos", "test/neg"],
            ..PART
        },
        Part {
            what: "word index",
            url: "https://storage.googleapis.com/tensorflow/tf-keras-datasets/imdb_word_index.json",
            saved_as: "imdb/imdb_word_index.json",
            check: Check::File(IMDB_WORD_INDEX_SHA256),
            names: &["imdb_word_index.json", "imdb_word_index.json.gz"],
            ..PART
        },
    ],
    instead: Some(&Part {
        what: "the reviews as Keras publishes them, as numbers of words",
        url: "https://storage.googleapis.com/tensorflow/tf-keras-datasets/imdb.npz",
        saved_as: "imdb/imdb.npz",
        // The digest is the one in the sources of Keras.
        check: Check::File("69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"),
        names: &["imdb.npz"],
        ..PART
    }),
};

/// The vocabulary of bert-base-uncased, with which the GLUE tasks are cut into word pieces.
const BERT_VOCABULARY: Part = Part {
    what: "vocabulary of bert-base-uncased (Apache-2.0)",
    url: "https://huggingface.co/bert-base-uncased/resolve/main/vocab.txt",
    saved_as: "bert-vocab/vocab.txt",
    check: Check::File("07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"),
    names: &["vocab.txt", "bert-base-uncased-vocab.txt"],
    ..PART
};

/// GLUE SST-2: the sentences of [`Sst2`](crate::data::Task::Sst2).
pub static SST2: DataSet = DataSet {
    name: "sst2",
    title: "GLUE SST-2, the Stanford Sentiment Treebank",
    page: "https://gluebenchmark.com/tasks",
    licence: "none stated with the task; free for research use",
    citation: "R. Socher et al.: Recursive Deep Models for Semantic Compositionality Over a Sentiment Treebank. \
               EMNLP 2013; A. Wang et al.: GLUE. ICLR 2019; vocabulary: J. Devlin et al.: BERT. NAACL 2019",
    parts: &[
        Part {
            what: "sentences",
            url: "https://dl.fbaipublicfiles.com/glue/data/SST-2.zip",
            saved_as: "sst2/SST-2.zip",
            check: Check::Inside(&SST2_SHA256),
            stems: &["sst 2", "sst2"],
            layout: &["train.tsv", "dev.tsv"],
            named: true,
            ..PART
        },
        BERT_VOCABULARY,
    ],
    instead: None,
};

/// GLUE QQP: the questions of [`Qqp`](crate::data::Task::Qqp).
pub static QQP: DataSet = DataSet {
    name: "qqp",
    title: "GLUE QQP, Quora Question Pairs",
    page: "https://gluebenchmark.com/tasks",
    licence: "Quora's terms of service; for non-commercial use",
    citation: "S. Iyer, N. Dandekar, K. Csernai: First Quora Dataset Release: Question Pairs. 2017; A. Wang et al.: \
               GLUE. ICLR 2019; vocabulary: J. Devlin et al.: BERT. NAACL 2019",
    parts: &[
        Part {
            what: "questions",
            url: "https://dl.fbaipublicfiles.com/glue/data/QQP-clean.zip",
            saved_as: "qqp/QQP-clean.zip",
            check: Check::FormOfQqp,
            stems: &["qqp clean", "qqp"],
            layout: &["train.tsv", "dev.tsv"],
            named: true,
            ..PART
        },
        BERT_VOCABULARY,
    ],
    instead: None,
};

/// UCI HAR: the sensor data of [`Har2`](crate::data::Task::Har2) and [`Har6`](crate::data::Task::Har6).
pub static UCI_HAR: DataSet = DataSet {
    name: "uci-har",
    title: "Human Activity Recognition Using Smartphones (UCI HAR)",
    page: "https://doi.org/10.24432/C54S4K",
    licence: "listed as CC BY 4.0 at the UCI repository; its own README.txt asks for citation and prohibits commercial \
              use",
    citation: "D. Anguita, A. Ghio, L. Oneto, X. Parra, J. L. Reyes-Ortiz: A Public Domain Dataset for Human Activity \
               Recognition Using Smartphones. ESANN 2013",
    parts: &[Part {
        what: "inertial signals",
        url: "https://archive.ics.uci.edu/static/public/240/human+activity+recognition+using+smartphones.zip",
        saved_as: "uci-har/human+activity+recognition+using+smartphones.zip",
        check: Check::Content {
            sha256: UCI_HAR_SHA256,
            set: ContentOf::UciHar,
        },
        stems: &[
            "uci har dataset",
            "uci har",
            "human activity recognition using smartphones",
        ],
        layout: &["train/y_train.txt", "test/y_test.txt"],
        ..PART
    }],
    instead: None,
};

/// UCI Daily and Sports Activities: the sensor data of [`Dsa19`](crate::data::Task::Dsa19).
pub static DSA: DataSet = DataSet {
    name: "dsa",
    title: "Daily and Sports Activities (UCI DSA)",
    page: "https://doi.org/10.24432/C5C59F",
    licence: "CC BY 4.0",
    citation: "K. Altun, B. Barshan, O. Tuncel: Comparative study on classifying human activities with miniature \
               inertial and magnetic sensors. Pattern Recognition 43(10), 2010; B. Barshan, M. C. Yuksek: Recognizing \
               daily and sports activities in two open source machine learning environments using body-worn sensor \
               units. The Computer Journal 57(11), 2014",
    parts: &[Part {
        what: "sensor segments",
        url: "https://archive.ics.uci.edu/static/public/256/daily+and+sports+activities.zip",
        saved_as: "dsa/daily+and+sports+activities.zip",
        check: Check::Content {
            sha256: DSA_SHA256,
            set: ContentOf::Dsa,
        },
        stems: &["daily and sports activities", "dsa", "data"],
        layout: &["a01/p1/s01.txt", "a19/p8/s60.txt"],
        ..PART
    }],
    instead: Some(&Part {
        what: "the segments in a compact form, every value the same",
        check: Check::Content {
            sha256: DSA_SHA256,
            set: ContentOf::Dsa,
        },
        names: &["dsa.npz.xz", "dsa.npz"],
        ..PART
    }),
};
