//! Room `event_loop`.
