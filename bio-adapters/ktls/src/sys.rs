//! The system calls. All `unsafe` code of the crate is here: pointers go to the kernel, none comes back.

use core::ffi::{c_int, c_void};
use core::mem::size_of_val;
use core::ptr;
use std::io::{Error, ErrorKind, Result};
use std::os::fd::{AsRawFd, BorrowedFd};

use crate::{CryptoInfo, Direction};

const APPLICATION_DATA: u8 = 23;

/// A control message with a record's content type: what `CMSG_SPACE(1)` has room for, without arithmetic on pointers.
#[repr(C)]
struct RecordType {
    header: libc::cmsghdr,
    content_type: u8,
}

/// `CMSG_LEN(1)`.
const RECORD_TYPE_LEN: usize = core::mem::offset_of!(RecordType, content_type) + 1;

pub(crate) fn attach(fd: BorrowedFd<'_>) -> Result<()> {
    match set_option(fd, libc::SOL_TCP, libc::TCP_ULP, b"tls") {
        Err(error) if error.raw_os_error() == Some(libc::EEXIST) => Ok(()),
        answer => answer,
    }
}

pub(crate) fn set_key(fd: BorrowedFd<'_>, direction: Direction, info: &CryptoInfo) -> Result<()> {
    let option = match direction {
        Direction::Write => libc::TLS_TX,
        Direction::Read => libc::TLS_RX,
    };
    set_option(fd, libc::SOL_TLS, option, info.as_bytes())
}

fn set_option(fd: BorrowedFd<'_>, level: c_int, option: c_int, value: &[u8]) -> Result<()> {
    let len = libc::socklen_t::try_from(value.len()).map_err(|_| Error::from(ErrorKind::InvalidInput))?;
    // SAFETY: `value` is valid for reads of `len` bytes, and the kernel does no more than read them.
    let ret = unsafe { libc::setsockopt(fd.as_raw_fd(), level, option, value.as_ptr().cast(), len) };
    if ret == 0 { Ok(()) } else { Err(Error::last_os_error()) }
}

pub(crate) fn send(fd: BorrowedFd<'_>, content_type: u8, content: &[u8]) -> Result<usize> {
    if content_type == APPLICATION_DATA {
        // SAFETY: `content` is valid for reads of its length.
        let ret =
            unsafe { libc::send(fd.as_raw_fd(), content.as_ptr().cast(), content.len(), libc::MSG_NOSIGNAL) };
        return count(ret);
    }
    let mut control = record_type(libc::TLS_SET_RECORD_TYPE, content_type);
    // The kernel only reads it.
    let mut piece = libc::iovec { iov_base: content.as_ptr().cast_mut().cast(), iov_len: content.len() };
    let message = message(&mut piece, &mut control);
    // SAFETY: `message` points to `piece`, which describes `content`, and to `control`; all three outlive the call, and
    // sendmsg only reads them.
    let ret = unsafe { libc::sendmsg(fd.as_raw_fd(), &raw const message, libc::MSG_NOSIGNAL) };
    count(ret)
}

#[allow(clippy::unnecessary_cast, reason = "`size_t` with glibc, `socklen_t` with musl")]
pub(crate) fn recv(fd: BorrowedFd<'_>, space: &mut [u8]) -> Result<(u8, usize)> {
    let mut control = record_type(0, 0);
    let mut piece = libc::iovec { iov_base: space.as_mut_ptr().cast(), iov_len: space.len() };
    let mut message = message(&mut piece, &mut control);
    // SAFETY: `message` points to `piece`, which describes `space`, borrowed mutably, and to `control`; all three outlive
    // the call, and any bytes are valid for what recvmsg writes to.
    let ret = unsafe { libc::recvmsg(fd.as_raw_fd(), &raw mut message, 0) };
    let n = count(ret)?;
    match told_type(message.msg_controllen as usize, &control) {
        Some(content_type) => Ok((content_type, n)),
        // The end of the transport has no type.
        None if n == 0 => Ok((APPLICATION_DATA, 0)),
        None => Err(Error::new(ErrorKind::InvalidData, "the socket does not tell record types")),
    }
}

pub(crate) fn sendfile(fd: BorrowedFd<'_>, file: BorrowedFd<'_>, offset: u64, len: usize) -> Result<usize> {
    let mut offset = libc::off64_t::try_from(offset).map_err(|_| Error::from_raw_os_error(libc::EINVAL))?;
    // SAFETY: `offset` is valid for reads and writes, and outlives the call.
    let ret = unsafe { libc::sendfile64(fd.as_raw_fd(), file.as_raw_fd(), &raw mut offset, len) };
    count(ret)
}

fn count(ret: isize) -> Result<usize> {
    usize::try_from(ret).map_err(|_| Error::last_os_error())
}

fn record_type(cmsg_type: c_int, content_type: u8) -> RecordType {
    // SAFETY: a `cmsghdr` is made of integers, for which zeros are valid. (Not by its fields: musl pads it.)
    let mut header: libc::cmsghdr = unsafe { core::mem::zeroed() };
    header.cmsg_len = RECORD_TYPE_LEN as _;
    header.cmsg_level = libc::SOL_TLS;
    header.cmsg_type = cmsg_type;
    RecordType { header, content_type }
}

/// A message of one piece and one control message. It keeps their addresses.
fn message(piece: &mut libc::iovec, control: &mut RecordType) -> libc::msghdr {
    // SAFETY: a `msghdr` is made of integers and pointers that may be null, for which zeros are valid.
    let mut message: libc::msghdr = unsafe { core::mem::zeroed() };
    message.msg_name = ptr::null_mut::<c_void>();
    message.msg_iov = piece;
    message.msg_iovlen = 1;
    message.msg_controllen = size_of_val(control) as _;
    message.msg_control = ptr::from_mut(control).cast();
    message
}

#[allow(clippy::unnecessary_cast, reason = "`size_t` with glibc, `socklen_t` with musl")]
/// The content type in what recvmsg has put into `control`, `len` bytes.
fn told_type(len: usize, control: &RecordType) -> Option<u8> {
    let RecordType { header, content_type } = control;
    let told = len >= RECORD_TYPE_LEN
        && header.cmsg_len as usize >= RECORD_TYPE_LEN
        && header.cmsg_level == libc::SOL_TLS
        && header.cmsg_type == libc::TLS_GET_RECORD_TYPE;
    told.then_some(*content_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The structure is what the macros of `cmsg(3)` would make of a buffer. Miri runs it.
    #[test]
    fn a_record_type_is_a_control_message() {
        let mut control = record_type(libc::TLS_SET_RECORD_TYPE, 21);
        // SAFETY: it only computes.
        let len = unsafe { libc::CMSG_LEN(1) };
        // SAFETY: it only computes.
        let space = unsafe { libc::CMSG_SPACE(1) };
        assert_eq!((RECORD_TYPE_LEN, size_of_val(&control)), (len as usize, space as usize));
        let mut content = [1, 0];
        let mut piece = libc::iovec { iov_base: content.as_mut_ptr().cast(), iov_len: content.len() };
        let message = message(&mut piece, &mut control);
        // SAFETY: `message` has the address and the length of `control`, which is alive.
        let first = unsafe { libc::CMSG_FIRSTHDR(&raw const message) };
        // SAFETY: the header stands at the front of `control`.
        let header = unsafe { first.read() };
        assert_eq!((header.cmsg_level, header.cmsg_type), (282, 1));
        assert_eq!(header.cmsg_len as usize, len as usize);
        // SAFETY: as `first` is one.
        let data = unsafe { libc::CMSG_DATA(first) };
        // SAFETY: the byte behind the header is the content type.
        assert_eq!(unsafe { data.read() }, 21);
        // SAFETY: as above; there is no room for a second one.
        assert!(unsafe { libc::CMSG_NXTHDR(&raw const message, first) }.is_null());
    }

    #[test]
    fn only_a_whole_record_type_of_tls_is_one() {
        let told = |cmsg_type, len| told_type(len, &record_type(cmsg_type, 22));
        assert_eq!(told(libc::TLS_GET_RECORD_TYPE, RECORD_TYPE_LEN), Some(22));
        assert_eq!(told(libc::TLS_GET_RECORD_TYPE, RECORD_TYPE_LEN - 1), None);
        assert_eq!(told(libc::TLS_GET_RECORD_TYPE, 0), None);
        assert_eq!(told(libc::TLS_SET_RECORD_TYPE, RECORD_TYPE_LEN), None);
        let mut other = record_type(libc::TLS_GET_RECORD_TYPE, 22);
        other.header.cmsg_level = libc::SOL_SOCKET;
        assert_eq!(told_type(RECORD_TYPE_LEN, &other), None);
    }
}
