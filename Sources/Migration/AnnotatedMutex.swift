// In builds under ThreadSanitizer this module's locks tell it what they order: LinuxIO.AnnotatedMutex.

#if THREAD_SANITIZER

import LinuxIO

typealias Mutex = AnnotatedMutex

#endif
